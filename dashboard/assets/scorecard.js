// Shows the scorecard and says which head or cell was clicked. Sorting is the server's.
export default function ({ data, parentElement, setTriggerValue }) {
  const place = parentElement.querySelector(".dp-scroll");
  if (place.shown !== data.html) {
    place.innerHTML = data.html;
    place.shown = data.html;
  }
  place.onclick = (event) => {
    const wish = event.target.closest("[data-sort], [data-pick]");
    if (!wish) return;
    const name = "sort" in wish.dataset ? "sort" : "pick";
    setTriggerValue(name, wish.dataset[name]);
  };
}
