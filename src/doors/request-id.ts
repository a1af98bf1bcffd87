import { randomBytes } from 'node:crypto';

const processMark = randomBytes(6).toString('hex');
let requests = 0;

/** An id that no other request of any process has; not a secret. Short enough to be read out. */
export function newRequestId(): string {
  requests += 1;
  return `req_${processMark}${requests.toString(36)}`;
}
