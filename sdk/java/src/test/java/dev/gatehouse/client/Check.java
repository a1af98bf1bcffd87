package dev.gatehouse.client;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** The few words that tests need, so that nothing must be downloaded to run them. */
final class Check {
  static final long NOW = 1795219200;
  static int passed;
  static int failed;

  interface Test {
    void run() throws Exception;
  }

  private Check() {}

  static void test(String name, Test test) {
    try {
      test.run();
      passed++;
    } catch (Exception | AssertionError broken) {
      failed++;
      System.out.println("FAIL " + name + ": " + broken);
    }
  }

  static void equal(String what, Object is, Object wanted) {
    if (!Objects.equals(is, wanted)) throw new AssertionError(what + ": " + is + ", wanted " + wanted);
  }

  static void that(String what, boolean isSo) {
    if (!isSo) throw new AssertionError(what);
  }

  /** The exception, or null if there was none. */
  static Exception failureOf(Test test) {
    try {
      test.run();
      return null;
    } catch (Exception failure) {
      return failure;
    }
  }

  /** As the vectors call it; null for none. */
  static String classOf(Exception failure) {
    if (failure == null) return null;
    String name = failure.getClass().getSimpleName().replace("Exception", "Error");
    return name.equals("RequestTimeoutError") ? "TimeoutError" : name;
  }

  static Object vectors(String name) throws Exception {
    return Json.read(Files.readString(Path.of("../vectors/" + name), StandardCharsets.UTF_8));
  }

  interface Case {
    void check(Object input, Object expect) throws Exception;
  }

  /** Runs every case of a file. */
  static void each(String file, Case check) throws Exception {
    List<?> cases = (List<?>) Json.at(vectors(file), "cases");
    int before = passed;
    for (Object one : cases) {
      test(file + ": " + Json.at(one, "name"), () -> check.check(Json.at(one, "input"), Json.at(one, "expect")));
    }
    System.out.println(file + ": " + (passed - before) + " of " + cases.size());
    that(file + " has cases", !cases.isEmpty());
  }

  static Clock at(double seconds) {
    return Clock.fixed(Instant.ofEpochSecond((long) seconds), ZoneOffset.UTC);
  }

  static String text(Object value, String path) {
    return (String) Json.at(value, path);
  }

  @SuppressWarnings("unchecked")
  static Map<String, Object> map(Object value, String path) {
    Object found = Json.at(value, path);
    return found == null ? Map.of() : (Map<String, Object>) found;
  }

  static List<?> list(Object value, String path) {
    Object found = Json.at(value, path);
    return found == null ? List.of() : (List<?>) found;
  }

  static int number(Object value, String path, int otherwise) {
    return Json.at(value, path) instanceof Double found ? found.intValue() : otherwise;
  }

  /** A client without environment and network; the clock stands still. */
  static GatehouseClient.Builder<GatehouseClient> builder(Object input, Transport transport) {
    Map<String, Object> options = map(input, "options");
    Map<String, Object> environment = map(input, "env");
    String preset = Objects.requireNonNullElse(text(input, "preset"), "kloakd");
    GatehouseClient.Builder<GatehouseClient> builder = GatehouseClient.builder(Platform.preset(preset));
    builder.apiKey((String) options.get("apiKey")).accessToken((String) options.get("accessToken"));
    builder.clientId((String) options.get("clientId")).clientSecret((String) options.get("clientSecret"));
    builder.email((String) options.get("email")).password((String) options.get("password"));
    builder.organizationId((String) options.get("organizationId")).baseUrl((String) options.get("baseUrl"));
    builder.tokenUrl((String) options.get("tokenUrl"));
    if (options.containsKey("scopes")) builder.scopes(list(options, "scopes").stream().map(String::valueOf).toList());
    if (options.get("maxRetries") instanceof Double count) builder.maxRetries(count.intValue());
    return builder
        .environment(name -> (String) environment.get(name))
        .with(
            settings -> {
              settings.clock = at(NOW);
              settings.random = () -> 0.5;
              settings.sleeper = wait -> {};
              settings.transport = transport;
            });
  }

  static Response answer(int status, Map<String, Object> headers, String body) {
    Map<String, List<String>> all = new java.util.TreeMap<>();
    headers.forEach((name, value) -> all.put(name, List.of((String) value)));
    return new Response(status, all, body.getBytes(StandardCharsets.UTF_8));
  }

  /** Error, mentions and hides of an expectation. */
  static void checkFailure(Exception failure, Object expect) {
    equal("class", classOf(failure), Json.at(expect, "error"));
    if (failure == null) return;
    String said = failure.getMessage().toLowerCase(java.util.Locale.ROOT).replace("_", "");
    for (Object part : list(expect, "mentions")) that(said + " mentions " + part, said.contains((String) part));
    for (Object part : list(expect, "hides")) that(said + " hides " + part, !said.contains((String) part));
  }
}
