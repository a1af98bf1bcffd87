import pg from 'pg';
import { startEmbeddedPostgres } from '../../src/database/embedded.ts';

// A Gatehouse as embedded.test.ts needs it: commits one row, says so, and waits to be killed.

const server = await startEmbeddedPostgres({ dataDir: process.argv[2]! });
const client = new pg.Client({ connectionString: server.connectionString });
client.on('error', () => {});
await client.connect();
await client.query('CREATE TABLE kept (value int)');
await client.query('INSERT INTO kept VALUES (42)');
console.log(server.connectionString);
