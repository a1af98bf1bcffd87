import type { ServerResponse } from 'node:http';

/**
 * Ends answers that are written: those of one turn of the event loop together, when the turn has read every
 * request that had come. Sent one by one, each would wake anew the process that waits for them, a proxy or
 * somebody's service, which sleeps while the next is prepared; sent together, the first wakes it for all
 * (docs/decisions/0017).
 */
export function createEndTogether(): (answer: ServerResponse) => void {
  const leave = createDeparture();
  return (answer) => leave(() => answer.end());
}

/** For answers that somebody else writes: called before, it has their `end` wait for the turn's others. */
export function createHoldEnd(): (answer: ServerResponse) => void {
  const leave = createDeparture();
  return (answer) => {
    const end = answer.end.bind(answer) as (...written: unknown[]) => unknown;
    answer.end = (...written: unknown[]) => {
      leave(() => end(...written));
      return answer;
    };
  };
}

function createDeparture(): (end: () => void) => void {
  let waiting: (() => void)[] = [];
  const endAll = () => {
    const ends = waiting;
    waiting = [];
    for (const end of ends) end();
  };
  return (end) => {
    if (waiting.push(end) === 1) setImmediate(endAll);
  };
}
