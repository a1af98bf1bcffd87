import t from 'tap';
import type { LiveServers } from '../../sdk/live/start.ts';
import { checkReport, wantedLines } from './live-list.ts';

// The four languages' suites say what they played; whether that was all of it is told here.

/** As much of servers as the list asks for: two that differ in all of it. */
const full = {
  hasOrganizationPaths: true,
  hasUserTokens: true,
  limitedApiKey: 'k',
  notEntitled: {},
};
const bare = {
  ...{ hasOrganizationPaths: false, hasUserTokens: false, limitedApiKey: null, notEntitled: null },
};
const servers = { kliq: full, klen: bare } as unknown as LiveServers;

const wanted = wantedLines(servers);

/** Whether a report of such lines is taken. */
const isTaken = (lines: readonly string[]) => {
  let same = false;
  const compare = (found: unknown, expected: unknown) => {
    same = JSON.stringify(found) === JSON.stringify(expected);
    return same;
  };
  checkReport({ same: compare } as never, `begun\n${lines.join('\nok 1\n')}\n`, servers);
  return same;
};

t.test('a report of every scenario is taken, whatever its order and what is between', async (t) => {
  t.ok(isTaken(wanted));
  t.ok(isTaken(wanted.toReversed()));
});

t.test('a scenario that a language silently lacks fails its run, whichever it is', async (t) => {
  for (const [index, line] of wanted.entries()) {
    t.notOk(isTaken(wanted.toSpliced(index, 1)), `without ${line}`);
  }
  t.notOk(isTaken([]));
  t.notOk(isTaken(wanted.filter((line) => line.startsWith('live: kliq: '))), 'without a platform');
});

t.test('it is not passed over as none, said twice, or replaced by another', async (t) => {
  for (const [index, line] of wanted.entries()) {
    const [played, none] = [line.replace(/none$/, 'ok'), line.replace(/ok$/, 'none')];
    t.notOk(isTaken(wanted.with(index, line === played ? none : played)), line);
    t.notOk(isTaken([...wanted, line]), `${line} twice`);
    t.notOk(isTaken(wanted.with(index, wanted.at(index - 1)!)), `${line} replaced`);
  }
});
