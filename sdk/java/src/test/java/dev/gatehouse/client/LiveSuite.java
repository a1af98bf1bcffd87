package dev.gatehouse.client;

import static dev.gatehouse.client.Check.*;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Against servers that sdk/live/start.ts started; GATEHOUSE_LIVE is the path of what it wrote. */
final class LiveSuite {
  private final Platform platform;
  private final Object server;

  private LiveSuite(String id, Object server) {
    this.platform = Platform.preset(id);
    this.server = server;
  }

  static void run(String path) throws Exception {
    Object servers = Json.read(Files.readString(Path.of(path)));
    for (String id : List.of("kliq", "kaie", "klen", "kloakd")) {
      LiveSuite suite = new LiveSuite(id, Json.at(servers, id));
      int before = failed;
      test("live " + id + ": keys", suite::keys);
      test("live " + id + ": bodies", suite::bodies);
      test("live " + id + ": the neighbour's organization", suite::neighbour);
      test("live " + id + ": tokens", suite::tokens);
      test("live " + id + ": webhooks", suite::webhooks);
      test("live " + id + ": what the gate says is verified", suite::identity);
      if (failed == before) System.out.println("live " + id + ": ok");
    }
  }

  private String of(String path) {
    return text(server, path);
  }

  private GatehouseClient.Builder<GatehouseClient> builder() {
    return GatehouseClient.builder(platform).environment(name -> null).maxRetries(0).baseUrl(of("baseUrl")).organizationId(of("organizationId"));
  }

  private Object ask(GatehouseClient client, String ask) throws InterruptedException {
    return client.request(Request.of(of(ask + ".method"), of(ask + ".path"))).json();
  }

  private GatehouseException refusal(GatehouseClient client, String ask) {
    return (GatehouseException) failureOf(() -> ask(client, ask));
  }

  private void keys() throws Exception {
    Object seen = ask(builder().apiKey(of("apiKey")).build(), "allowed");
    equal("path", text(seen, "path"), of("allowed.path").replace("{organization}", of("organizationId")));
    equal("organization", text(seen, "headers.x-gatehouse-organization"), of("organizationId"));
    for (String key : List.of("wrongApiKey", "mistypedApiKey")) {
      GatehouseException wrong = refusal(builder().apiKey(of(key)).build(), "allowed");
      equal(key, classOf(wrong), "AuthenticationError");
      equal("reason", wrong.reason(), "invalid_api_key");
      that("request id", wrong.requestId().isPresent());
    }
    GatehouseException narrow = refusal(builder().apiKey(of("narrowApiKey")).build(), "forbidden");
    equal("a missing scope", classOf(narrow), "ForbiddenError");
    equal("reason", narrow.reason(), "insufficient_permission");
    if (Json.at(server, "notEntitled") != null) {
      equal("another plan", classOf(refusal(builder().apiKey(of("apiKey")).build(), "notEntitled")), "NotEntitledError");
    }
    if (of("limitedApiKey") == null) return;
    GatehouseClient limited = builder().apiKey(of("limitedApiKey")).build();
    GatehouseException tooMany = null;
    for (int i = 0; i < 3 && tooMany == null; i++) tooMany = refusal(limited, "allowed");
    equal("more than allowed", classOf(tooMany), "RateLimitError");
    that("retry after", tooMany.retryAfter().isPresent());
  }

  private void bodies() throws Exception {
    String text = "{ \"text\": \"Grüße, 世界\" }";
    GatehouseClient client = builder().apiKey(of("apiKey")).build();
    Request asIs =
        Request.of(of("forbidden.method"), of("forbidden.path"))
            .header("Content-Type", "application/json")
            .body(text.getBytes(StandardCharsets.UTF_8));
    equal("body", text(client.request(asIs).json(), "body"), text);
    Request json = Request.of(of("forbidden.method"), of("forbidden.path")).json(Json.read(text));
    equal("JSON", Json.read(text(client.request(json).json(), "body")), Json.read(text));
  }

  private void neighbour() {
    // Not all have it in their paths.
    if (!of("allowed.path").contains("{organization}")) return;
    GatehouseClient client = builder().apiKey(of("apiKey")).organizationId(of("otherOrganizationId")).build();
    GatehouseException closed = refusal(client, "allowed");
    equal("another's organization", classOf(closed), "ForbiddenError");
    equal("reason", closed.reason(), "organization_mismatch");
  }

  private void tokens() throws Exception {
    ask(builder().clientId(of("clientId")).clientSecret(of("clientSecret")).build(), "allowed");
    GatehouseException wrong = refusal(builder().clientId(of("clientId")).clientSecret("wrong").build(), "allowed");
    equal("a wrong secret", classOf(wrong), "AuthenticationError");
    if (!Boolean.TRUE.equals(Json.at(server, "hasUserTokens"))) return;
    Auth auth = builder().apiKey(of("apiKey")).build().auth();
    UserTokens first = auth.getToken(of("email"), of("password"));
    UserTokens next = auth.refresh(first.refreshToken());
    ask(builder().accessToken(next.accessToken()).build(), "allowed");
    equal("a wrong password", classOf(failureOf(() -> auth.getToken(of("email"), "not the password"))), "AuthenticationError");
    ask(builder().email(of("email")).password(of("password")).build(), "allowed");
  }

  private void webhooks() throws Exception {
    Webhooks verifier = Webhooks.of(platform, of("webhook.secret"));
    byte[] payload = of("webhook.payload").getBytes(StandardCharsets.UTF_8);
    Map<String, String> headers = new HashMap<>();
    map(server, "webhook.headers").forEach((name, value) -> headers.put(name, (String) value));
    that("Standard Webhooks", verifier.verify(payload, headers).id().isPresent());
    headers.remove("webhook-signature");
    verifier.verify(payload, headers);
    Exception changed = failureOf(() -> verifier.verify("{}".getBytes(StandardCharsets.UTF_8), headers));
    equal("a changed body", ((WebhookException) changed).reason(), "signature_mismatch");
  }

  private void identity() throws Exception {
    Verifier verifier = Verifier.of(of("issuer"), of("audience"));
    Object seen = ask(builder().apiKey(of("apiKey")).build(), "allowed");
    String assertion = text(seen, "headers.x-gatehouse-assertion");
    Principal byKey = verifier.verifyAssertion(assertion, of("allowed.scope"));
    equal("kind", byKey.kind(), "api_key");
    equal("organization", byKey.organizationId(), of("organizationId"));
    Object withToken = ask(builder().clientId(of("clientId")).clientSecret(of("clientSecret")).build(), "allowed");
    Principal byToken = verifier.verifyAssertion(text(withToken, "headers.x-gatehouse-assertion"));
    equal("kind", byToken.kind(), "access_token");
    accessToken(verifier, assertion);
  }

  /** By the issuer's keys, which are fetched; neither sort of token passes for the other. */
  private void accessToken(Verifier verifier, String assertion) throws Exception {
    GatehouseClient client = builder().clientId(of("clientId")).clientSecret(of("clientSecret")).build();
    String token = client.auth().clientCredentials().accessToken();
    Principal caller = verifier.verifyAccessToken(token, of("allowed.scope"));
    equal("kind", caller.kind(), "access_token");
    equal("subject", caller.subject(), of("clientId"));
    equal("organization", caller.organizationId(), of("organizationId"));
    that("an assertion is none", failureOf(() -> verifier.verifyAccessToken(assertion)) instanceof TokenRefusedException);
    that("it is no assertion", failureOf(() -> verifier.verifyAssertion(token)) instanceof TokenRefusedException);
    String forged = token.substring(0, token.lastIndexOf('.') + 1) + assertion.substring(assertion.lastIndexOf('.') + 1);
    that("forged", failureOf(() -> verifier.verifyAccessToken(forged)) instanceof TokenRefusedException);
  }
}
