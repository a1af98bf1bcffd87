/**
 * What most guessed-at passwords of twelve and more characters are made of: one of these, padded with
 * digits and punctuation (`Password2024!`). The longer ones stand for themselves. Lower case, from the
 * tops of published breach lists; the sign-in throttle takes care of what a longer list would add.
 */
export const COMMON_PASSWORDS: ReadonlySet<string> = new Set(
  `abc abcd abcdef abcdefg abcdefgh access account admin adminadmin administrator asdf asdfgh asdfghjkl
  asdfghjklqwerty azerty azertyuiop baseball basketball batman changeit changeme changemenow charlie
  computer daniel default demo demodemo demodemodemo dragon football freedom gatehouse guest hello
  helloworld hunter iloveyou iloveyouforever iloveyousomuch internet jessica jordan killer letmein
  letmeinletmein letmeinnow login loginlogin lovelove loveyou master masterpassword michael michelle
  monkey mypassword mynewpassword mypasswordis nothing p@ssw0rd p@ssword passw0rd passphrase password
  passwordpassword passwort pokemon princess qazwsx qazwsxedc qazwsxedcrfv qwer qwert qwerty qwertyqwerty
  qwertyui qwertyuiop qwertyuiopasdf qwertyuiopasdfghjkl qwertz qwertzuiop root rootroot sample secret
  secretpassword secretsecret shadow soccer startrek starwars summer spring autumn winter sunshine
  superman supersecret superuser temporary temppassword test testaccount testing testpassword testtest
  testtesttest testuser thisismypassword trustno unknown user username welcome welcomewelcome whatever
  yourpassword zxcvbn zxcvbnm zaqwsx zaqxswcde zaqxswcdevfr`.split(/\s+/),
);

/** Keyboard walks whose digits are part of them. */
export const KEYBOARD_WALKS: ReadonlySet<string> = new Set([
  '1q2w3e4r5t6y',
  '1q2w3e4r5t6y7u',
  '1q2w3e4r5t6y7u8i',
  '1q2w3e4r5t6y7u8i9o0p',
  '1qaz2wsx3edc',
  '1qaz2wsx3edc4rfv',
  '1qazxsw23edc',
  '1qaz@wsx3edc',
  '!qaz2wsx#edc',
  'q1w2e3r4t5y6',
  'q1w2e3r4t5y6u7i8',
  'qwerty123456qwerty',
  'zaq12wsxcde3',
  'zaq1xsw2cde3',
]);
