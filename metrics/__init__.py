"""What each number means: KPIs, intervals, live state, words for people."""
