import {
  concatenation,
  type DescribedRequest,
  env,
  type Fields,
  partsOf,
} from './described-request.ts';

/** For Java 11 or newer, with the standard library alone; run as it is: `java Call.java`. */
export function java(request: DescribedRequest): string {
  const encodes = encodesValues(request);
  const statements = request.opensInBrowser
    ? [`System.out.println(${text(request.url)});`]
    : callLines(request);
  return [
    ...importLines(request),
    'class Call {',
    '  public static void main(String[] arguments) throws Exception {',
    ...statements.map((line) => `    ${line}`),
    '  }',
    ...(encodes ? ENCODE : []),
    '}',
  ].join('\n');
}

const ENCODE = [
  '',
  '  static String encode(String value) {',
  '    return URLEncoder.encode(value, StandardCharsets.UTF_8);',
  '  }',
];

const encodesValues = ({ body, basic }: DescribedRequest): boolean =>
  (body !== undefined && 'form' in body) || basic !== undefined;

function importLines(request: DescribedRequest): string[] {
  if (request.opensInBrowser) return [];
  const encodes = encodesValues(request);
  const names = [
    'java.net.URI',
    ...(encodes ? ['java.net.URLEncoder'] : []),
    'java.net.http.HttpClient',
    'java.net.http.HttpRequest',
    'java.net.http.HttpResponse',
    ...(encodes ? ['java.nio.charset.StandardCharsets'] : []),
    ...(request.basic ? ['java.util.Base64'] : []),
  ];
  return [...names.map((name) => `import ${name};`), ''];
}

function callLines({ method, url, headers = [], basic, body }: DescribedRequest): string[] {
  const form = body && 'form' in body;
  const type = form ? 'application/x-www-form-urlencoded' : 'application/json';
  const publisher = body
    ? 'HttpRequest.BodyPublishers.ofString(body)'
    : 'HttpRequest.BodyPublishers.noBody()';
  const all: Fields = [...headers, ...(body ? ([['Content-Type', type]] as const) : [])];
  return [
    ...(basic ? pairLines(basic) : []),
    ...(body ? [`var body = ${form ? formText(body.form) : jsonText(body.json)};`] : []),
    `var request = HttpRequest.newBuilder(URI.create(${text(url)}))`,
    ...(basic ? ['    .header("Authorization", "Basic " + credentials)'] : []),
    ...all.map(([name, value]) => `    .header("${name}", ${text(value)})`),
    `    .method("${method}", ${publisher})`,
    '    .build();',
    'var response = HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString());',
    'System.out.println(response.statusCode() + " " + response.body());',
  ];
}

const pairLines = ({ username, password }: NonNullable<DescribedRequest['basic']>): string[] => [
  `var pair = encode(${text(username)}) + ":" + encode(${text(password)});`,
  'var credentials = Base64.getEncoder().encodeToString(pair.getBytes());',
];

const formText = (fields: Fields) =>
  fields
    .map(([name, value], i) => `"${i === 0 ? '' : '&'}${name}=" + encode(${text(value)})`)
    .join('\n        + ');

function jsonText(fields: Fields): string {
  const pairs = fields.map(([name, value]) => {
    const inner = partsOf(value).map((part) =>
      'variable' in part ? env(part.variable) : JSON.stringify(part.text).slice(1, -1),
    );
    return `${JSON.stringify(name)}: "${inner.join('')}"`;
  });
  return text(`{${pairs.join(', ')}}`);
}

const text = (value: string) => concatenation(value, (name) => `System.getenv("${name}")`);
