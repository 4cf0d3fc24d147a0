// Watches the data of this page from inside the browser, where a hung or dead server can't stop it.
//
// Two streams bring ages: `shown` with each rerun of the page, `heard` from a light request of our
// own. Only ages travel, never times of day, so the clocks of server and browser may differ.
// State and age are kept on <html>: data-deskpulse-state, -age, -tick and -why.

const LONGEST_TICK_S = 5; // a slower poll still has to show a dead worker within 3 × 5 + 2 s
const ANSWER_WITHIN_MS = 3000;
const LOOK_EVERY_MS = 250;
const MARGIN_S = 0.6; // look, draw and report before the promised moment, not after it
const DOWN_AFTER_S = 60;
const RECONNECT_WITHIN_S = 15;
const LOAD_WITHIN_S = 90;
const SECOND_MS = 1000;
const SPANS = [["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];

const seconds = (from) => (performance.now() - from) / SECOND_MS;
const limit = (tick) => 3 * tick + 2 - MARGIN_S;

const NEW_FOR_S = 30;
const RINGS = "deskpulse.bell"; // in this browser's storage: whether somebody asked for sound
const NOTES = [[880, 0], [660, 0.22], [880, 0.44]]; // Hz, seconds from now

// New critical alerts on a board: a word with its sign for half a minute, and sound where somebody
// asked for it on this screen. Browsers let a page make sound only after a click on it.
class Bell {
  constructor() {
    this.known = null;
    this.context = null;
    this.newSince = null;
    this.rung = 0;
  }

  hear(parent, data) {
    const button = parent?.querySelector(".dp-bell");
    if (!button || !data.critical) return;
    const fresh = this.known === null ? [] : data.critical.filter((one) => !this.known.has(one));
    this.known = new Set(data.critical);
    if (fresh.length) {
      this.newSince = performance.now();
      if (this.wanted()) this.ring();
    }
    button.hidden = false;
    button.onclick = () => this.toggle(button, data.words);
    this.show(button, data.words);
    const sign = parent.querySelector(".dp-new");
    sign.hidden = !data.critical.length || this.newSince === null || seconds(this.newSince) > NEW_FOR_S;
    if (!sign.hidden) sign.textContent = data.words.bell_new;
  }

  wanted() {
    try {
      return localStorage.getItem(RINGS) === "on";
    } catch {
      return false; // no storage in this browser: the board stays silent
    }
  }

  toggle(button, words) {
    const blocked = this.state() === "blocked";
    const on = blocked || !this.wanted();
    try {
      localStorage.setItem(RINGS, on ? "on" : "off");
    } catch {
      return;
    }
    if (on) this.ring();
    this.show(button, words);
  }

  state() {
    if (!this.wanted()) return "off";
    return this.context?.state === "running" ? "on" : "blocked";
  }

  show(button, words) {
    const state = this.state();
    document.documentElement.dataset.deskpulseBell = state;
    button.textContent = words[`bell_word_${state}`];
    button.title = words[`bell_${state}`];
    button.setAttribute("aria-label", button.title);
  }

  async ring() {
    this.context ??= new AudioContext();
    // Without a click since the page was loaded the browser refuses, and the button says so.
    await Promise.race([this.context.resume(), new Promise((done) => setTimeout(done, SECOND_MS))]);
    if (this.context.state !== "running") return;
    for (const [pitch, after] of NOTES) {
      const tone = new OscillatorNode(this.context, { frequency: pitch });
      const gain = new GainNode(this.context, { gain: 0.2 });
      tone.connect(gain).connect(this.context.destination);
      tone.start(this.context.currentTime + after);
      tone.stop(this.context.currentTime + after + 0.18);
    }
    this.rung += 1;
    document.documentElement.dataset.deskpulseRung = String(this.rung);
  }
}

class Watchdog {
  constructor() {
    this.shown = null; // last data drawn on this page
    this.heard = null; // last answer of the server
    this.parent = null;
    this.lostSince = null;
    this.openedAt = performance.now();
    this.reloadSpread = Math.random() * 600; // a wall of screens should not reload as one
    setInterval(() => this.look(), LOOK_EVERY_MS);
    this.listen();
  }

  take(parent, data) {
    this.parent = parent;
    this.shown = { ...data, at: performance.now() };
    document.documentElement.lang = data.html_lang;
    this.look();
  }

  async listen() {
    for (;;) {
      const tick = this.shown ? Math.min(this.shown.tick, LONGEST_TICK_S) : 1;
      const asked = performance.now();
      try {
        const answer = await fetch(new URL("healthz", document.baseURI), {
          cache: "no-store", signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
        });
        const pulse = await answer.json();
        // The age was true when the answer was written; the slow way back only makes it older.
        this.heard = { ...pulse, at: asked };
      } catch {
        // No answer is an answer: `heard` grows old and look() says so.
      }
      await new Promise((done) => setTimeout(done, Math.max(0.5, tick) * SECOND_MS));
    }
  }

  // The newest known age of each source: whichever stream knows the later read.
  sources() {
    const ages = new Map();
    for (const news of [this.shown, this.heard]) {
      for (const source of news?.sources ?? []) {
        const age = source.age === null ? Infinity : source.age + seconds(news.at);
        const known = ages.get(source.name);
        if (!known || age <= known.age) ages.set(source.name, { ...source, age });
      }
    }
    return [...ages.values()];
  }

  beat() {
    const ages = [this.shown, this.heard]
      .filter((news) => news && news.beat !== null && news.beat !== undefined)
      .map((news) => news.beat + seconds(news.at));
    return ages.length ? Math.min(...ages) : null;
  }

  // A source that never answered has no age, and is missing from every figure.
  unread() {
    const known = this.heard?.sources?.length ? this.heard : this.shown;
    return known.sources.find((source) => source.age === null && source.failing);
  }

  // Which thing stopped, or null while all is well. `fast` is the shortest tick.
  trouble(sources, fast) {
    const silent = seconds(this.heard ? this.heard.at : this.openedAt) > 2 * fast + 0.5;
    const late = sources.filter((source) => source.age > limit(source.poll));
    const beat = this.beat();
    const quiet = beat !== null && beat > limit(fast);
    if (late.length || quiet) {
      if (silent) return { why: "server" };
      if (this.heard?.store === "down") return { why: "store", down: true };
      const source = late.find((one) => one.status === "down") ?? late[0];
      const alone = late.length < sources.length;
      if (!quiet && (alone || source.status === "down")) {
        return { why: "source", down: source.status === "down", name: source.name };
      }
      return { why: "worker" };
    }
    const unread = this.unread();
    if (unread) {
      const words = { headline: "missing", said: "unread" };
      return { why: "source", down: true, name: unread.name, ...words };
    }
    const drawn = seconds(this.shown.at);
    if (drawn <= limit(fast) + this.shown.refresh) return null;
    return { why: silent ? "server" : "page", age: drawn };
  }

  look() {
    if (!this.shown) {
      // Loaded, the server answers, and still there is no page: its session never came up.
      if (seconds(this.openedAt) > LOAD_WITHIN_S && this.answering()) location.reload();
      return;
    }
    const sources = this.sources();
    const read = sources.filter((source) => Number.isFinite(source.age));
    const root = document.documentElement.dataset;
    root.deskpulseTick = String(this.shown.tick);
    if (!read.length) {
      const gone = (this.heard ?? this.shown).store === "down";
      root.deskpulseState = gone ? "down" : "stale";
      root.deskpulseWhy = gone ? "store" : "never";
      root.deskpulseAge = "";
      this.say(root.deskpulseState, null, { why: gone ? "store" : null });
      return;
    }
    const polls = sources.map((source) => Math.min(source.poll, LONGEST_TICK_S));
    const trouble = this.trouble(read, Math.max(1, Math.min(...polls)));
    const age = Math.max(0, ...read.map((source) => source.age), trouble?.age ?? 0);
    const down = trouble && (trouble.down || age > DOWN_AFTER_S + limit(this.shown.tick));
    root.deskpulseState = !trouble ? "live" : down ? "down" : "stale";
    root.deskpulseWhy = trouble?.why ?? "";
    root.deskpulseAge = age.toFixed(1);
    this.say(root.deskpulseState, age, trouble ?? {});
    this.mend(trouble);
    this.shift();
  }

  // A lost session comes back by itself; when it doesn't although the server answers, and every
  // few hours so that a browser left on for weeks stays lean, the page loads anew.
  mend(trouble) {
    this.lostSince = trouble?.why === "page" ? this.lostSince ?? performance.now() : null;
    const lost = this.lostSince !== null && seconds(this.lostSince) > RECONNECT_WITHIN_S;
    const planned = this.shown.reload_after &&
      seconds(this.openedAt) > this.shown.reload_after + this.reloadSpread && !trouble;
    if (this.answering() && (lost || planned)) location.reload();
  }

  answering() {
    return this.heard !== null && seconds(this.heard.at) < LONGEST_TICK_S;
  }

  // Burn-in: the picture moves by a few pixels each hour.
  shift() {
    const style = document.documentElement.style;
    const hour = Math.floor(Date.now() / 3600000);
    style.setProperty("--dp-shift-x", `${[0, 2, 4, 2, 0, -2, -4, -2][hour % 8]}px`);
    style.setProperty("--dp-shift-y", `${[0, 2, 0, -2][hour % 4]}px`);
  }

  span(total) {
    const words = this.shown.words;
    let left = Math.max(0, Math.floor(total));
    const parts = [];
    for (const [unit, size] of SPANS) {
      const count = Math.floor(left / size);
      left -= count * size;
      if (count || (unit === "second" && !parts.length)) parts.push([count, unit]);
      if (parts.length && unit !== parts[0][1]) break;
    }
    return parts.map(([count, unit]) => count + words.joint + words[unit]).join(words.joint);
  }

  write(selector, text) {
    const element = this.parent?.querySelector(selector);
    if (element && element.textContent !== text) element.textContent = text;
  }

  say(state, age, trouble) {
    const { words, wall, day } = this.shown;
    // The shop's clock goes on while the server doesn't: local time sent as if it were UTC.
    const now = new Date(wall + performance.now() - this.shown.at);
    const clock = now.toISOString().slice(11, 16);
    const span = age === null ? "" : this.span(age);
    this.write(".dp-time b", clock);
    this.write(".dp-time span", day);
    this.write(".dp-fresh em", age === null ? words.never : words.live);
    this.write(".dp-fresh span", age === null ? "" : words.ago.replace("{span}", span));
    if (state === "live" || !trouble.why) return;
    const headline = age === null ? words.never : words[trouble.headline ?? state];
    this.write(".dp-banner b", headline.replace("{span}", span));
    this.write(".dp-why", words[trouble.said ?? trouble.why].replace("{name}", trouble.name ?? ""));
    this.write(".dp-clock", clock);
  }
}

// One watchdog for the life of the page, whatever Streamlit mounts and unmounts.
const watchdog = new Watchdog();
const bell = new Bell();

export function take(component) {
  watchdog.take(component.parentElement, component.data);
  bell.hear(component.parentElement, component.data);
}
