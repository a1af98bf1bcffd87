package dev.gatehouse.client;

import static dev.gatehouse.client.Check.*;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** Runs everything: {@code java -cp … dev.gatehouse.client.Tests}, in sdk/java. */
public final class Tests {
  private static final String SECRET = "hush-hush-hush";

  private Tests() {}

  public static void main(String[] arguments) throws Exception {
    ClientVectors.run();
    ServerVectors.run();
    TransportTests.run();
    test("the presets are those of the vectors", Tests::presets);
    test("the document's example", Tests::documentsExample);
    test("the document's environment variables", Tests::documentsEnvironment);
    test("no secret is printed", Tests::secrets);
    test("an error does not repeat the key", Tests::maskedError);
    test("a builder that is used again changes nothing before", Tests::builderAgain);
    test("JSON that is none", Tests::noJson);
    String live = System.getenv("GATEHOUSE_LIVE");
    if (live == null) System.out.println("live: skipped, GATEHOUSE_LIVE is not set");
    else LiveSuite.run(live);
    System.out.println(passed + " passed, " + failed + " failed");
    System.exit(failed == 0 ? 0 : 1);
  }

  private static void presets() throws Exception {
    String own = Files.readString(Path.of("src/main/resources/dev/gatehouse/client/presets.json"));
    equal("copy sdk/vectors/presets.json", own, Files.readString(Path.of("../vectors/presets.json")));
  }

  private static void documentsExample() {
    Kloakd client = Kloakd.builder()
        .apiKey("sk-live-...")
        .organizationId("your-org-uuid")
        .build();
    equal("organization", client.organizationId().orElse(""), "your-org-uuid");
    equal("base URL", client.baseUrl(), "https://api.kloakd.dev");
  }

  private static void documentsEnvironment() {
    Map<String, String> environment = Map.of("KLOAKD_API_KEY", "sk-live-...", "KLOAKD_ORG_ID", "your-org-uuid");
    Kloakd client = Kloakd.builder().environment(environment::get).build();
    equal("organization", client.organizationId().orElse(""), "your-org-uuid");
    equal("method", client.toString(), "Kloakd client (apiKey)");
  }

  private static void secrets() {
    for (Map<String, String> options :
        List.of(
            Map.of("apiKey", SECRET),
            Map.of("accessToken", SECRET),
            Map.of("clientId", "c", "clientSecret", SECRET),
            Map.of("email", "ada@example.com", "password", SECRET))) {
      var builder = builder(Map.of("preset", "kliq", "options", options), request -> null);
      GatehouseClient client = builder.build();
      String said = builder + " " + client + client.auth() + client.settings + client.settings.credential;
      that(said, !said.contains(SECRET));
    }
    that("tokens", !new UserTokens(SECRET, SECRET, java.time.Instant.EPOCH).toString().contains(SECRET));
  }

  private static void maskedError() {
    String body = "{\"error\":\"AuthenticationError\",\"message\":\"what is " + SECRET + "?\"}";
    GatehouseClient client =
        builder(Map.of("options", Map.of("apiKey", SECRET)), request -> answer(401, Map.of(), body)).build();
    Exception failure = failureOf(() -> client.request(Request.get("/x")));
    that(failure.toString(), !failure.toString().contains(SECRET));
  }

  private static void builderAgain() {
    var builder = Kloakd.builder().apiKey("first").organizationId("org-1");
    Kloakd first = builder.build();
    builder.apiKey("second").organizationId("org-2").build();
    equal("key", first.settings.credential.secret(), "first");
    equal("organization", first.organizationId().orElse(""), "org-1");
  }

  private static void noJson() {
    for (String text : List.of("", "{", "[1,]", "{\"a\":1,}", "01", "1.", "nul", "\"\\x\"", "\"a", "[1] 2", "[".repeat(100_000))) {
      that(text.length() + " letters", Json.readOrNull(text) == null);
    }
    equal("text", Json.read("\"\\u00e9\\n\\\"\""), "é\n\"");
    equal("back again", Json.write(Json.read("{\"a\":[1,2.5,null,true,\"x\\u0001\"]}")), "{\"a\":[1,2.5,null,true,\"x\\u0001\"]}");
  }
}
