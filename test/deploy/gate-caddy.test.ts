import t from 'tap';
import { testGuarantees } from './gate-guarantees.ts';
import { adapt, findProgram, type ProxyProgram, readDeployed } from './gated-api.ts';

// deploy/gate.caddyfile, in a real Caddy between a caller, Gatehouse and an API. .ci/run installs Caddy;
// where there is none the file is only read.

const CONFIGURATION = readDeployed('gate.caddyfile');

const program = findProgram('caddy');
if (program) testGuarantees(t, caddy(program));
else
  t.comment('NO CADDY ON THIS MACHINE: deploy/gate.caddyfile was not run (apt-get install caddy)');

function caddy(program: string): ProxyProgram {
  const from = (file: string) => ['--config', file, '--adapter', 'caddyfile'];
  return {
    program,
    configuration: ({ port, gatehousePort, apiPort }) =>
      adapt(CONFIGURATION, {
        // Its place for commands to the running process is one for the whole machine.
        '\n{\n': '\n{\n\tadmin off\n',
        ':8080 {': `http://127.0.0.1:${port} {`,
        'gatehouse-1:3000 gatehouse-2:3000': `127.0.0.1:${gatehousePort}`,
        'api:8000': `127.0.0.1:${apiPort}`,
      }),
    check: (file) => ['validate', ...from(file)],
    arguments: (file) => ['run', ...from(file)],
  };
}
