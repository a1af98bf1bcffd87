import { execFile, spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

// Go and Java, all snippets at once: what takes long is that a compiler starts, and that a linker ends. Their
// names alone are changed, so that all of Go are one program and all of Java run in one machine.

const execute = promisify(execFile);

export type Compiled = 'go' | 'java';

const COMPILERS = { go: ['go', 'version'], java: ['javac', '-version'] } as const;

/** The languages whose compilers are installed. */
export const compilers = (Object.keys(COMPILERS) as Compiled[]).filter((language) => {
  const [program, argument] = COMPILERS[language];
  const isInstalled = spawnSync(program, [argument], { stdio: 'ignore' }).status === 0;
  if (!isInstalled) {
    process.stderr.write(`\n  The ${language} snippets DID NOT RUN: ${program} is not installed\n`);
  }
  return isInstalled;
});

/**
 * @param codes of the snippets
 * @returns the program that has them all: its first argument says which one, as `nameOf` does
 */
export async function buildGo(folder: string, codes: readonly string[]): Promise<string> {
  for (const [at, code] of codes.entries()) {
    mkdirSync(join(folder, nameOf(at)), { recursive: true });
    const named = code
      .replace(/^package main$/m, `package ${nameOf(at)}`)
      .replace(/^func main\(\)/m, 'func Main()');
    writeFileSync(join(folder, nameOf(at), 'program.go'), `${named}\n`);
  }
  const names = codes.map((_code, at) => nameOf(at));
  writeFileSync(join(folder, 'go.mod'), 'module snippets\n\ngo 1.18\n');
  writeFileSync(
    join(folder, 'main.go'),
    `package main

import (
	"os"
${names.map((name) => `\t"snippets/${name}"`).join('\n')}
)

func main() {
	map[string]func(){
${names.map((name) => `\t\t"${name}": ${name}.Main,`).join('\n')}
	}[os.Args[1]]()
}
`,
  );
  const env = { ...process.env, GOPROXY: 'off', GOTOOLCHAIN: 'local' };
  // Without what a debugger reads: linking is what takes long.
  const build = ['build', '-ldflags=-s -w', '-o', 'snippets', '.'];
  await execute('go', build, { cwd: folder, env });
  return join(folder, 'snippets');
}

/** What gofmt would change, in whole programs and in parts of one. */
export async function misformatted(codes: Iterable<string>): Promise<string> {
  const differences: string[] = [];
  for (const code of codes) {
    const formatting = execute('gofmt', ['-d']);
    formatting.child.stdin!.end(`${code}\n`);
    differences.push((await formatting).stdout);
  }
  return differences.join('');
}

/** Of Go's package and of Java's class. */
export const nameOf = (at: number): string => `snippet${at}`;

/**
 * Runs a class for each line of its input, with an environment of its own, and answers with what was printed:
 * the machine starts once. A field is Base64; the environment of a running machine is changed behind its back.
 */
const MACHINE = `
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.lang.reflect.InvocationTargetException;
import java.util.Base64;
import java.util.Collections;
import java.util.Map;
import java.util.Scanner;

class Machine {
  public static void main(String[] arguments) throws Exception {
    var answers = System.out;
    var lines = new Scanner(System.in);
    while (lines.hasNextLine()) {
      var fields = lines.nextLine().split(" ");
      var environment = environment();
      environment.clear();
      for (int i = 1; i + 1 < fields.length; i += 2) environment.put(decode(fields[i]), decode(fields[i + 1]));
      var printed = new ByteArrayOutputStream();
      System.setOut(new PrintStream(printed, true, "UTF-8"));
      var outcome = "done";
      try {
        var main = Class.forName(decode(fields[0])).getDeclaredMethod("main", String[].class);
        main.invoke(null, (Object) new String[0]);
      } catch (InvocationTargetException error) {
        outcome = "failed";
        error.getCause().printStackTrace(System.out);
      }
      answers.println(outcome + " " + Base64.getEncoder().encodeToString(printed.toByteArray()));
      answers.flush();
    }
  }

  static String decode(String field) throws Exception {
    return new String(Base64.getDecoder().decode(field), "UTF-8");
  }

  @SuppressWarnings("unchecked")
  static Map<String, String> environment() throws Exception {
    var whole = Class.forName("java.lang.ProcessEnvironment").getDeclaredField("theUnmodifiableEnvironment");
    whole.setAccessible(true);
    var inner = Class.forName("java.util.Collections$UnmodifiableMap").getDeclaredField("m");
    inner.setAccessible(true);
    return (Map<String, String>) inner.get(whole.get(null));
  }
}
`;

/** @returns how the machine is started */
export async function buildJava(folder: string, codes: readonly string[]): Promise<string[]> {
  mkdirSync(folder, { recursive: true });
  const sources = codes.map((code, at) => {
    const named = code.replace(/^class \w+ \{$/m, `class ${nameOf(at)} {`);
    writeFileSync(join(folder, `${nameOf(at)}.java`), `${named}\n`);
    return `${nameOf(at)}.java`;
  });
  writeFileSync(join(folder, 'Machine.java'), MACHINE);
  const options = [
    '-J-XX:TieredStopAtLevel=1',
    '-encoding',
    'UTF-8',
    '-proc:none',
    '-d',
    'classes',
  ];
  await execute('javac', [...options, 'Machine.java', ...sources], { cwd: folder });
  return [
    ...['java', '-XX:TieredStopAtLevel=1', '-Xshare:auto', '-XX:+UseSerialGC'],
    ...[
      '--add-opens=java.base/java.lang=ALL-UNNAMED',
      '--add-opens=java.base/java.util=ALL-UNNAMED',
    ],
    ...['-cp', join(folder, 'classes'), 'Machine'],
  ];
}
