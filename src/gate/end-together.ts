import type { ServerResponse } from 'node:http';

/**
 * Ends answers that are written: those of one turn of the event loop together, when the turn has read every
 * request that had come. Sent one by one, each would wake the proxy's process anew, which sleeps while the
 * next is decided; sent together, the first wakes it for all (docs/decisions/0017).
 */
export function createEndTogether(): (answer: ServerResponse) => void {
  let waiting: ServerResponse[] = [];
  const endAll = () => {
    const answers = waiting;
    waiting = [];
    for (const answer of answers) answer.end();
  };
  return (answer) => {
    if (waiting.push(answer) === 1) setImmediate(endAll);
  };
}
