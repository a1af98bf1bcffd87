import t from 'tap';
import { IDENTITY_HEADERS } from '../../src/gate/upstream-identity.ts';
import { testGuarantees } from './gate-guarantees.ts';
import { adapt, findProgram, type ProxyProgram, readDeployed } from './gated-api.ts';

// deploy/gate-nginx.conf, in a real nginx between a caller, Gatehouse and an API. .ci/run installs nginx;
// where there is none the file is only read.

const CONFIGURATION = readDeployed('gate-nginx.conf');

t.test(
  'the configuration hands on every identity header, and clears other ways to ask',
  async (t) => {
    const text = CONFIGURATION.replace(/#.*$/gm, '');
    for (const header of IDENTITY_HEADERS) {
      const variable = `$${header.slice(2).replaceAll('-', '_')}`;
      const spelled = header.replace(/(^|-)\w/g, (letter) => letter.toUpperCase());
      t.ok(
        text.includes(`auth_request_set ${variable} $upstream_http_x_${variable.slice(1)};`),
        header,
      );
      t.ok(text.includes(`proxy_set_header ${spelled} ${variable};`), spelled);
    }
    for (const header of ['X-Forwarded-Method', 'X-Forwarded-Uri', 'Cookie']) {
      t.ok(text.includes(`proxy_set_header ${header} "";`), header);
    }
    t.notMatch(/log_format[^;]+;/.exec(text)![0], /\$(request|request_uri|args|query_string)\b/);
  },
);

const program = findProgram('nginx');
if (program) testGuarantees(t, nginx(program));
else t.comment('NO NGINX ON THIS MACHINE: deploy/gate-nginx.conf was read, not run');

function nginx(program: string): ProxyProgram {
  const start = (file: string, directory: string) => ['-p', directory, '-c', file];
  return {
    program,
    configuration: ({ directory, port, gatehousePort, apiPort }) =>
      adapt(CONFIGURATION, {
        '/tmp/': `${directory}/`,
        'listen 8080;': `listen 127.0.0.1:${port};`,
        'server gatehouse-1:3000': `server 127.0.0.1:${gatehousePort}`,
        'server gatehouse-2:3000 max_fails=2 fail_timeout=5s;': '',
        'server api:8000': `server 127.0.0.1:${apiPort}`,
      }),
    check: (file, directory) => [...start(file, directory), '-t'],
    arguments: (file, directory) => [...start(file, directory), '-g', 'daemon off;'],
  };
}
