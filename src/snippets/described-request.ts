/**
 * A request as the playground and the documentation speak of it. In every text `${NAME}` stands for the
 * environment variable NAME: no secret is ever written into a snippet.
 */
export interface DescribedRequest {
  readonly method: string;
  /** Whole and encoded, query included; the values of variables in it must need no encoding. */
  readonly url: string;
  readonly headers?: Fields;
  /** A client's id and secret, form-encoded and then HTTP Basic (RFC 6749 §2.3.1, RFC 7617). */
  readonly basic?: { readonly username: string; readonly password: string };
  readonly body?: { readonly form: Fields } | { readonly json: Fields };
  /** A person goes there: the snippet prints the address and calls nothing. */
  readonly opensInBrowser?: boolean;
}

export type Fields = readonly (readonly [name: string, value: string])[];

/** Stands for an environment variable, in a text. */
export const env = (name: string): string => `\${${name}}`;

/** What a text is made of, in its order. */
export type Part = { readonly text: string } | { readonly variable: string };

/** @param text with `${NAME}` for variables */
export function partsOf(text: string): Part[] {
  return text
    .split(/\$\{([A-Z][A-Z0-9_]*)\}/)
    .map((piece, i): Part => (i % 2 === 1 ? { variable: piece } : { text: piece }))
    .filter((part) => 'variable' in part || part.text !== '');
}

export const hasVariables = (text: string): boolean =>
  partsOf(text).some((part) => 'variable' in part);

/** The names of the environment variables that a snippet of the request reads, each once. */
export function variablesOf(request: DescribedRequest): string[] {
  const { url, headers = [], basic, body } = request;
  const fields = body ? ('form' in body ? body.form : body.json) : [];
  const texts = [url, ...(basic ? [basic.username, basic.password] : [])];
  for (const [, value] of [...headers, ...fields]) texts.push(value);
  const names = texts.flatMap(partsOf).flatMap((part) => ('variable' in part ? part.variable : []));
  return [...new Set(names)];
}

/** The expression of a language for a text: its literals and variables, joined. */
export function concatenation(
  text: string,
  variable: (name: string) => string,
  operator = ' + ',
): string {
  const parts = partsOf(text).map((part) =>
    'variable' in part ? variable(part.variable) : JSON.stringify(part.text),
  );
  return parts.length === 0 ? '""' : parts.join(operator);
}
