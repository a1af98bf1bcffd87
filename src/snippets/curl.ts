import {
  type DescribedRequest,
  env,
  type Fields,
  hasVariables,
  partsOf,
} from './described-request.ts';

/** For a POSIX shell with cURL 7.18 or newer. */
export function curl(request: DescribedRequest): string {
  const { method, url, headers = [], basic, body } = request;
  if (request.opensInBrowser) return `echo ${quoted(url)}`;
  const usual = body ? 'POST' : 'GET';
  const lines = [
    `curl ${method === usual ? '' : `-X ${method} `}${quoted(url)}`,
    ...(basic ? [`-u ${quoted(`${encoded(basic.username)}:${encoded(basic.password)}`)}`] : []),
    ...headers.map(([name, value]) => `-H ${quoted(`${name}: ${value}`)}`),
    ...(body ? dataLines(body) : []),
  ];
  return lines.join(' \\\n  ');
}

function dataLines(body: NonNullable<DescribedRequest['body']>): string[] {
  if ('form' in body) {
    return body.form.map(([name, value]) => `--data-urlencode ${quoted(`${name}=${value}`)}`);
  }
  return ["-H 'Content-Type: application/json'", `-d @- <<JSON\n${heredoc(body.json)}\nJSON`];
}

function heredoc(fields: Fields): string {
  const lines = fields.map(([name, value]) => {
    const inner = partsOf(value)
      .map((part) =>
        'variable' in part ? env(part.variable) : escaped(JSON.stringify(part.text).slice(1, -1)),
      )
      .join('');
    return `  ${escaped(JSON.stringify(name))}: "${inner}"`;
  });
  return `{\n${lines.join(',\n')}\n}`;
}

/** What cURL does not encode by itself. Of variables it cannot: Gatehouse's ids and secrets need no encoding. */
const encoded = (text: string): string =>
  partsOf(text)
    .map((part) => ('variable' in part ? env(part.variable) : encodeURIComponent(part.text)))
    .join('');

/** In single quotes nothing is special; variables need double ones. */
function quoted(text: string): string {
  if (!hasVariables(text)) return `'${text.replaceAll("'", String.raw`'\''`)}'`;
  const inner = partsOf(text).map((part) =>
    'variable' in part ? env(part.variable) : escaped(part.text).replaceAll('"', '\\"'),
  );
  return `"${inner.join('')}"`;
}

/** What a shell would read in double quotes and in a heredoc. */
const escaped = (text: string) => text.replaceAll(/[\\$`]/g, '\\$&');
