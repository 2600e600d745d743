// How the search ranks pages, for people who paste the message that they got. Sphinx puts this
// into `language_data.js`.

const wordsOf = (text) =>
  text.split(/[^\p{Letter}\p{Number}_\p{Emoji_Presentation}]+/gu).filter((word) => word);

// A message quotes values of the reader's own, which no page has and which would hide all pages.
var splitQuery = (query) => {
  const words = wordsOf(query.replace(/`[^`]*`/g, " "));
  return words.length ? words : wordsOf(query);
};

var headingsOfPages = null;

const headingsByPage = () => {
  const stemmer = new Stemmer();
  const found = new Map();
  for (const [title, places] of Object.entries(Search._index.alltitles)) {
    const stems = new Set(wordsOf(title.toLowerCase()).map((word) => stemmer.stemWord(word)));
    for (const [file] of places) {
      const page = Search._index.docnames[file];
      if (!found.has(page)) found.set(page, []);
      found.get(page).push(stems);
    }
  }
  return found;
};

var Scorer = {
  objNameMatch: 11,
  objPartialMatch: 6,
  objPrio: { 0: 15, 1: 5, 2: -5 },
  objPrioDefault: 0,
  title: 15,
  partialTitle: 7,
  term: 5,
  partialTerm: 2,

  // Sphinx gives a page the score of its best word, so that one word in a title is as good as all.
  // This adds how much of the query is in one heading, and how much of the heading is in the query.
  score: ([page, , , , score, , kind]) => {
    if (kind === SearchResultKind.object || kind === SearchResultKind.index) return score;
    headingsOfPages ??= headingsByPage();
    const stemmer = new Stemmer();
    const query = new URLSearchParams(window.location.search).get("q") ?? "";
    const asked = new Set(splitQuery(query.toLowerCase()).map((word) => stemmer.stemWord(word)));
    const fits = (headingsOfPages.get(page) ?? []).map((heading) => {
      const shared = [...asked].filter((word) => heading.has(word)).length;
      return (10 * shared) / (asked.size || 1) + (5 * shared) / (heading.size || 1);
    });
    return Math.min(score, 5) + Math.max(0, ...fits);
  },
};
