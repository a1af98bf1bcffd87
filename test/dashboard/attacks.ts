import type { Test } from 'tap';
import { type Developer, formOf } from './key-desk.ts';

/** A form of the dashboard as somebody means to send it. */
export interface Attempt {
  /** Below the organization's own address. */
  readonly page: string;
  readonly action: string;
  readonly fields?: Record<string, string>;
}

/** The form is refused from another site and without its token, whatever else is in order. */
export async function refusesForgeries(
  t: Pick<Test, 'equal' | 'match'>,
  developer: Developer,
  { page: path, action, fields = {} }: Attempt,
): Promise<void> {
  const page = await developer.open(path);
  const form = formOf(page, action);
  const send = async (headers: Record<string, string>, token: string | undefined) => {
    const values = new URLSearchParams(form.fields.filter(([name]) => name !== '_csrf'));
    for (const [name, value] of Object.entries(fields)) values.set(name, value);
    if (token !== undefined) values.set('_csrf', token);
    const cookie = developer.agent.cookiesFor(form.action);
    const response = await fetch(form.action, {
      ...{ method: 'POST', redirect: 'manual', body: values },
      headers: { cookie, origin: new URL(form.action).origin, ...headers },
    });
    return { status: response.status, body: await response.text() };
  };
  const [, token] = form.fields.find(([name]) => name === '_csrf')!;
  const foreign = await send({ origin: 'https://evil.example' }, token);
  t.equal(foreign.status, 403, `${action} from another origin`);
  t.match(foreign.body, 'foreign_origin');
  const framed = await send({ 'sec-fetch-site': 'cross-site' }, token);
  t.equal(framed.status, 403, `${action} from another site`);
  for (const wrong of [undefined, '', 'x'.repeat(token.length)]) {
    const answer = await send({}, wrong);
    t.equal(answer.status, 403, `${action} with the token ${wrong}`);
    t.match(answer.body, 'csrf_token_invalid');
  }
}
