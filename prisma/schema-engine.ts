import { PrismaPg } from '@prisma/adapter-pg';
import {
  bindMigrationAwareSqlAdapterFactory,
  ColumnTypeEnum,
  type SqlMigrationAwareDriverAdapterFactory,
} from '@prisma/driver-adapter-utils';
import pg from 'pg';

// Prisma's own schema engine, as WebAssembly: `prisma migrate` would download a binary, which closed
// networks refuse.

/** Object ids of Postgres' types: the catalog's one-byte "char", which PrismaPg can't read, and text. */
const CHAR = 18;
const TEXT = 25;

/** What the engine says instead of nothing. */
const EMPTY = '-- This is an empty migration.';

/**
 * Says what would turn one schema into the other, as an SQL script; empty when they agree.
 *
 * Only what Prisma's schema language can say is compared. CHECK constraints, partial indexes and indexes
 * on expressions cannot be said in it: the engine neither reads nor reports them.
 *
 * @param connectionString a live database; the engine reads it when `from` is 'database'
 * @param schema the text of a schema.prisma
 */
export async function diffScript(options: {
  connectionString: string;
  schema: string;
  from: 'empty' | 'database';
}): Promise<string> {
  const { SchemaEngine } = await loadEngine();
  const adapter = catalogAdapter(options.connectionString);
  try {
    const files = [{ path: 'schema.prisma', content: options.schema }];
    const engine = await SchemaEngine.new(
      { datamodels: [['schema.prisma', options.schema]] },
      () => {},
      bindMigrationAwareSqlAdapterFactory(adapter.factory),
    );
    const from =
      options.from === 'empty'
        ? ({ tag: 'empty' } as const)
        : ({ tag: 'schemaDatasource', files, configDir: '.' } as const);
    const { stdout } = await engine.diff({
      from,
      to: { tag: 'schemaDatamodel', files },
      script: true,
      exitCode: true,
      filters: { externalTables: ['public._prisma_migrations'], externalEnums: [] },
    });
    const script = stdout ?? '';
    return script.trim() === EMPTY ? '' : script;
  } finally {
    await adapter.close();
  }
}

/** A panic of the engine goes to this registry, and would be lost in a TypeError without one. */
async function loadEngine(): Promise<typeof import('@prisma/schema-engine-wasm')> {
  const registry = { set_message: (message: string) => console.error(message) };
  Object.assign(globalThis, { PRISMA_WASM_PANIC_REGISTRY: registry });
  return import('@prisma/schema-engine-wasm');
}

/**
 * PrismaPg, taught the catalog's "char": for the pool's reader it becomes a text, for the engine, which
 * knows the type, a character.
 */
function catalogAdapter(connectionString: string): {
  factory: SqlMigrationAwareDriverAdapterFactory;
  close(): Promise<void>;
} {
  const pool = new pg.Pool({ connectionString, max: 2 });
  const characterColumns = new WeakMap<unknown[], number[]>();
  const query = pool.query.bind(pool) as (request: pg.QueryConfig) => Promise<pg.QueryResult>;
  const readable = async (request: pg.QueryConfig): Promise<pg.QueryResult> => {
    const result = await query(request);
    const columns = result.fields.flatMap((field, at) => (field.dataTypeID === CHAR ? [at] : []));
    for (const at of columns) result.fields[at]!.dataTypeID = TEXT;
    characterColumns.set(result.rows, columns);
    return result;
  };
  pool.query = readable as typeof pool.query;

  const factory = new PrismaPg(pool);
  const connect = factory.connect.bind(factory);
  factory.connect = async () => {
    const adapter = await connect();
    const queryRaw = adapter.queryRaw.bind(adapter);
    adapter.queryRaw = async (request) => {
      const result = await queryRaw(request);
      for (const at of characterColumns.get(result.rows) ?? []) {
        result.columnTypes[at] = ColumnTypeEnum.Character;
      }
      return result;
    };
    return adapter;
  };
  return { factory, close: () => pool.end() };
}
