// What the server says to the page's scripts: words, and facts about itself.

const { dataset } = document.getElementById('page');
const words = JSON.parse(dataset.words);

/** The issuer, and where strangers ask for a key. */
export const facts = JSON.parse(dataset.facts);

/** The words at `key`, with the gaps in braces filled. */
export const say = (key, gaps = {}) =>
  words[key].replace(/\{(\w+)\}/g, (whole, name) => gaps[name] ?? whole);

export const hasWords = (key) => Object.hasOwn(words, key);
