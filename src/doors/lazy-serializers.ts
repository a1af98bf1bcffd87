import { type RouteDefinition, SerializerSelector } from '@fastify/fast-json-stringify-compiler';

type Serialize = (data: unknown) => string;

/**
 * Fastify's own serializers, each made when an answer first needs it: all of them together are two thirds
 * of a start, and most are for routes that a process may never be asked for.
 */
export function lazySerializers(): ReturnType<typeof SerializerSelector> {
  const build = SerializerSelector();
  return (externalSchemas, options) => {
    const compile = build(externalSchemas, options) as (route: RouteDefinition) => Serialize;
    return (route: RouteDefinition): Serialize => {
      let serialize: Serialize | undefined;
      return (data) => {
        serialize ??= compile(route);
        return serialize(data);
      };
    };
  };
}
