import type { TestGatehouse } from '../support/gatehouse.ts';

/** Asks the management API of a server, as the operator unless another credential is given. */
export const managing = ({ issuer, adminKey }: TestGatehouse) =>
  async function manage(method: string, path: string, body?: object, bearer = adminKey) {
    const response = await fetch(`${issuer}/manage/v1${path}`, {
      method,
      headers: {
        authorization: `Bearer ${bearer}`,
        ...(body ? { 'content-type': 'application/json' } : {}),
      },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    const text = await response.text();
    return { status: response.status, body: text === '' ? {} : JSON.parse(text) };
  };
