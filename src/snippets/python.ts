import {
  type DescribedRequest,
  type Fields,
  hasVariables,
  partsOf,
  variablesOf,
} from './described-request.ts';

/** For Python 3.8 or newer with httpx. */
export function python(request: DescribedRequest): string {
  const { method, url, headers = [], basic, body } = request;
  const standard = [
    ...(variablesOf(request).length > 0 ? ['import os'] : []),
    ...(basic ? ['from urllib.parse import quote'] : []),
  ];
  const imports = standard.length > 0 ? [...standard, ''] : [];
  if (request.opensInBrowser) return [...imports, `print(${text(url)})`].join('\n');
  const options = [
    `    ${text(url)},`,
    ...(basic ? [`    auth=(${quote(basic.username)}, ${quote(basic.password)}),`] : []),
    ...(headers.length > 0 ? dictionary('headers', headers) : []),
    ...(body
      ? 'form' in body
        ? dictionary('data', body.form)
        : dictionary('json', body.json)
      : []),
  ];
  return [
    ...imports,
    'import httpx',
    '',
    `response = httpx.${method.toLowerCase()}(`,
    ...options,
    ')',
    'print(response.status_code, response.text)',
  ].join('\n');
}

const dictionary = (name: string, fields: Fields): string[] => [
  `    ${name}={`,
  ...fields.map(([key, value]) => `        ${JSON.stringify(key)}: ${text(value)},`),
  '    },',
];

/** Encoded as it must be before it is Basic. */
const quote = (value: string) =>
  hasVariables(value) ? `quote(${text(value)}, safe="")` : text(encodeURIComponent(value));

function text(value: string): string {
  if (!hasVariables(value)) return JSON.stringify(value);
  const parts = partsOf(value);
  const [only] = parts;
  if (parts.length === 1 && only && 'variable' in only) return `os.environ["${only.variable}"]`;
  const inner = parts.map((part) =>
    'variable' in part
      ? `{os.environ['${part.variable}']}`
      : JSON.stringify(part.text).slice(1, -1).replaceAll(/[{}]/g, '$&$&'),
  );
  return `f"${inner.join('')}"`;
}
