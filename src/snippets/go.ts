import {
  concatenation,
  type DescribedRequest,
  type Fields,
  hasVariables,
  variablesOf,
} from './described-request.ts';

/** For Go 1.18 or newer, with the standard library alone; formatted as gofmt does. */
export function go(request: DescribedRequest): string {
  const statements = request.opensInBrowser
    ? [`fmt.Println(${text(request.url)})`]
    : [...bodyLines(request), ...callLines(request)];
  return [
    'package main',
    '',
    ...importLines(request),
    '',
    'func main() {',
    ...statements.map((line) => `\t${line}`),
    '}',
  ].join('\n');
}

function importLines(request: DescribedRequest): string[] {
  const { basic, body, opensInBrowser } = request;
  const isJson = body !== undefined && 'json' in body;
  const packages = [
    ...(isJson ? ['bytes', 'encoding/json'] : []),
    'fmt',
    ...(opensInBrowser ? [] : ['io', 'net/http']),
    ...((body && !isJson) || basic ? ['net/url'] : []),
    ...(variablesOf(request).length > 0 ? ['os'] : []),
    ...(body && !isJson ? ['strings'] : []),
  ];
  const [only] = packages;
  if (packages.length === 1) return [`import "${only}"`];
  return ['import (', ...packages.map((name) => `\t"${name}"`), ')'];
}

function bodyLines({ body }: DescribedRequest): string[] {
  if (!body) return [];
  if ('form' in body) {
    const entries = aligned(body.form, (value) => `{${value}}`);
    return ['form := url.Values{', ...entries, '}'];
  }
  const entries = aligned(body.json, (value) => value);
  return ['body, err := json.Marshal(map[string]string{', ...entries, '})', ...PANIC];
}

function callLines({ method, url, headers = [], basic, body }: DescribedRequest): string[] {
  const isForm = body !== undefined && 'form' in body;
  const content = !body
    ? 'nil'
    : isForm
      ? 'strings.NewReader(form.Encode())'
      : 'bytes.NewReader(body)';
  const type = isForm ? 'application/x-www-form-urlencoded' : 'application/json';
  const all: Fields = [...headers, ...(body ? ([['Content-Type', type]] as const) : [])];
  return [
    `request, err := http.NewRequest("${method}", ${argument(url)}, ${content})`,
    ...PANIC,
    ...(basic
      ? [`request.SetBasicAuth(${encoded(basic.username)}, ${encoded(basic.password)})`]
      : []),
    ...all.map(([name, value]) => `request.Header.Set("${name}", ${argument(value)})`),
    'response, err := http.DefaultClient.Do(request)',
    ...PANIC,
    'defer response.Body.Close()',
    'answer, err := io.ReadAll(response.Body)',
    ...PANIC,
    'fmt.Println(response.StatusCode, string(answer))',
  ];
}

const PANIC = ['if err != nil {', '\tpanic(err)', '}'];

function aligned(fields: Fields, wrap: (value: string) => string): string[] {
  const keys = fields.map(([name]) => `"${name}":`);
  const width = Math.max(...keys.map((key) => key.length));
  return fields.map(([, value], i) => `\t${keys[i]!.padEnd(width)} ${wrap(text(value))},`);
}

/** As it must be before it is Basic. */
const encoded = (value: string) =>
  hasVariables(value) ? `url.QueryEscape(${argument(value)})` : text(encodeURIComponent(value));

const getenv = (name: string) => `os.Getenv("${name}")`;

const text = (value: string) => concatenation(value, getenv);

/** Among several arguments gofmt sets no space around an operator. */
const argument = (value: string) => concatenation(value, getenv, '+');
