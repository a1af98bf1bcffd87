/** What an operator can mend: the message says all there is to say. */
const PLAIN_ERRORS = new Set([
  'ConfigError',
  'PlatformFileError',
  'DatabaseConnectionError',
  'MigrationError',
  'EmbeddedPostgresError',
  'MasterKeyError',
]);

/** Why the start failed, for whoever can mend it; a stack only where something is broken in here. */
export function refusalText(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(refusalText).join('\n\n');
  if (!(error instanceof Error)) return String(error);
  if (PLAIN_ERRORS.has(error.name)) return error.message;
  return listenRefusal(error) ?? error.stack ?? error.message;
}

/** Why the address cannot be listened on, in one sentence. */
function listenRefusal(error: NodeJS.ErrnoException): string | undefined {
  const { syscall, code } = error;
  if (syscall !== 'listen' && syscall !== 'getaddrinfo') return undefined;
  const { address, port, hostname } = error as {
    address?: string;
    port?: number;
    hostname?: string;
  };
  const at = `${address?.includes(':') ? `[${address}]` : address}:${port}`;
  switch (code) {
    case 'EADDRINUSE':
      return `${at} is in use by another program: stop that one, or set PORT to a free port.`;
    case 'EACCES':
      return `This user may not listen on ${at}: set PORT to 1024 or more, and put a proxy before it.`;
    case 'EADDRNOTAVAIL':
      return `HOST is ${address}, which is no address of this machine: use 127.0.0.1, or 0.0.0.0 for all.`;
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `HOST is ${hostname}, a name that cannot be resolved: use an address, such as 127.0.0.1.`;
    default:
      return undefined;
  }
}
