import t from 'tap';
import { passwordProblem } from '../../src/identity/password-policy.ts';
import { createPasswords, PasswordQueueFullError } from '../../src/identity/passwords.ts';

const ANN = { email: 'ann.miller@example.com', name: 'Ann Miller', platform: 'Klen' };

t.test('a password verifies against its own hash only, at 19 MiB, t=2, p=1', async (t) => {
  const passwords = createPasswords();
  const hash = await passwords.hash('seven wet otters sing');
  t.match(hash, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
  t.equal(await passwords.verify(hash, 'seven wet otters sing'), true);
  t.equal(await passwords.verify(hash, 'seven wet otters sing '), false, 'nothing is trimmed');
  t.equal(passwords.needsRehash(hash), false);
  t.equal(passwords.needsRehash(hash.replace('t=2', 't=1')), true);
});

t.test(
  'the same keys on another machine give the same password (NIST SP 800-63B: NFKC)',
  async (t) => {
    const passwords = createPasswords();
    const hash = await passwords.hash('cafe\u0301 au lait, s\u2019il');
    t.equal(await passwords.verify(hash, 'caf\u00e9 au lait, s\u2019il'), true);
  },
);

t.test(
  'without an account, and for an endless password, the same work is done in vain',
  async (t) => {
    const passwords = createPasswords();
    t.equal(await passwords.verify(null, 'anything at all'), false);
    t.equal(await passwords.verify(null, ''), false);
    const hash = await passwords.hash('seven wet otters sing');
    t.equal(await passwords.verify(hash, 'x'.repeat(1_000_000)), false);
  },
);

t.test('a full queue turns passwords away at once and says when to come back', async (t) => {
  const passwords = createPasswords({ concurrency: 1, maxQueue: 2 });
  const outcomes = await Promise.allSettled(
    Array.from({ length: 20 }, () => passwords.verify(null, 'a guess')),
  );
  const refused = outcomes.filter((outcome) => outcome.status === 'rejected');
  t.equal(refused.length, 17);
  for (const { reason } of refused) {
    t.ok(reason instanceof PasswordQueueFullError);
    t.ok(reason.retryAfterSeconds >= 1);
  }
  t.equal(await passwords.verify(null, 'a guess'), false, 'the queue is open again');
});

t.test('who hangs up while waiting gives the place in the queue back', async (t) => {
  const passwords = createPasswords({ concurrency: 1, maxQueue: 1 });
  const first = passwords.verify(null, 'a guess');
  const caller = new AbortController();
  const second = passwords.verify(null, 'a guess', caller.signal);
  caller.abort();
  await t.rejects(second, { name: 'AbortError' });
  const third = passwords.verify(null, 'a guess');
  t.same(await Promise.all([first, third]), [false, false]);
  await t.rejects(passwords.verify(null, 'a guess', AbortSignal.abort()), { name: 'AbortError' });
});

t.test('passwords of 12 to 256 characters of any kind are welcome', async (t) => {
  const problem = (password: string) => passwordProblem(password, ANN);
  t.equal(problem('elevenchars'), 'too_short');
  t.equal(problem(''), 'too_short');
  t.equal(problem('twelve chars'), undefined);
  t.equal(problem('correct horse battery staple'), undefined);
  t.equal(problem('дванадцять ослів'), undefined);
  t.equal(problem('🦦🐡🦀🐙🦑🐚🐬🐳🐟🦈🐊🐢'), undefined, 'an emoji is one character');
  t.equal(problem('🦦🐡🦀🐙🦑🐚'), 'too_short');
  t.equal(problem('ab cd'.repeat(51)), undefined);
  t.equal(problem('ab cd'.repeat(52)), 'too_long');
  t.equal(problem('x'.repeat(5_000_000)), 'too_long');
});

t.test('what a guesser tries first is refused', async (t) => {
  const common = [
    'password1234',
    'Password2024!!',
    'passwordpassword',
    'qwertyuiop123',
    '1qaz2wsx3edc',
    '123456789012',
    '098765432109',
    'abcdefghijkl',
    'aaaaaaaaaaaaaa',
    'abcabcabcabc',
    'ann.miller@example.com',
    'AnnMiller2024',
    'miller-12345',
    'klenklenklen1',
  ];
  for (const password of common) {
    t.equal(passwordProblem(password, ANN), 'too_common', password);
  }
  t.equal(
    passwordProblem('miller of the Avon', ANN),
    undefined,
    'a name within a longer one is fine',
  );
});
