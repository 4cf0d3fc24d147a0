"""What the pages of complaint risk show: loading, sentences, lists, charts. No page itself."""
