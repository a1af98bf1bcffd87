/**
 * Text with as much Markdown as a sentence needs: `code`, **strong**, [links](/to). The words of the
 * catalogue are written in it, so that one sentence serves the page and its Markdown.
 */
export type Text = string;

export type Run =
  | { readonly kind: 'text' | 'code' | 'strong'; readonly text: string }
  | { readonly kind: 'link'; readonly text: string; readonly href: string };

const SPECIAL = /[\\`*[\]<]/g;
const MARKUP =
  /`([^`]*)`|\*\*((?:\\.|[^*\\])+)\*\*|\[((?:\\.|[^\]\\])+)\]\(((?:\/|#|https?:\/\/)[^\s)]*)\)|\\([\\`*[\]<])/g;

/** A value that stands for itself. */
export const plain = (value: string): Text => value.replaceAll(SPECIAL, '\\$&');

/** A value as code. A backtick in it would end it. */
export const code = (value: string): Text => `\`${value.replaceAll('`', 'ˋ')}\``;

/** What the text is made of, to be escaped by whoever renders it. Links lead to the web or to this site. */
export function parseText(text: Text): Run[] {
  const runs: Run[] = [];
  const add = (run: Run) => {
    const last = runs.at(-1);
    if (run.kind === 'text' && last?.kind === 'text') {
      runs[runs.length - 1] = { kind: 'text', text: last.text + run.text };
    } else if (run.text !== '') runs.push(run);
  };
  let end = 0;
  for (const match of text.matchAll(MARKUP)) {
    add({ kind: 'text', text: text.slice(end, match.index) });
    end = match.index + match[0].length;
    add(runOf(match));
  }
  add({ kind: 'text', text: text.slice(end) });
  return runs;
}

function runOf([, code, strong, label, href, escaped]: RegExpExecArray): Run {
  if (code !== undefined) return { kind: 'code', text: code };
  if (strong !== undefined) return { kind: 'strong', text: unescaped(strong) };
  if (label !== undefined) return { kind: 'link', text: unescaped(label), href: href! };
  return { kind: 'text', text: escaped! };
}

const unescaped = (text: string) => text.replaceAll(/\\(.)/g, '$1').replaceAll('`', '');
