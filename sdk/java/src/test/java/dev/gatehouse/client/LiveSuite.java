package dev.gatehouse.client;

import static dev.gatehouse.client.Check.*;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Plays the cases of sdk/vectors/live.json against servers that sdk/live/start.ts started, and reports each.
 * GATEHOUSE_LIVE is the path of what it wrote.
 */
final class LiveSuite {
  private final Platform platform;
  private final Object server;
  private final Object input;
  private final Object expect;

  private LiveSuite(String id, Object server, Object one) {
    this.platform = Platform.preset(id);
    this.server = server;
    this.input = Json.at(one, "input");
    this.expect = Json.at(one, "expect");
  }

  static void run(String path) throws Exception {
    Object servers = Json.read(Files.readString(Path.of(path)));
    for (String id : List.of("kliq", "kaie", "klen", "kloakd")) {
      Object server = Json.at(servers, id);
      for (Object one : list(vectors("live.json"), "cases")) {
        String name = "live: " + id + ": " + text(one, "name");
        int before = failed;
        boolean isFor = isFor(one, server);
        if (isFor) test(name, new LiveSuite(id, server, one)::play);
        if (failed == before) System.out.println(name + (isFor ? ": ok" : ": none"));
      }
    }
  }

  private static boolean isFor(Object one, Object server) {
    String where = text(one, "where");
    String unless = text(one, "unless");
    return (where == null || has(server, where)) && (unless == null || !has(server, unless));
  }

  private static boolean has(Object server, String field) {
    Object value = Json.at(server, field);
    return value != null && !Boolean.FALSE.equals(value);
  }

  private void play() throws Exception {
    String deed = text(input, "do");
    if (deed == null) {
      call();
      return;
    }
    switch (deed) {
      case "environment" -> environment();
      case "bodies" -> bodies();
      case "refresh" -> refresh();
      case "noRefreshToken" -> noRefreshToken();
      case "webhook" -> webhook();
      case "assertion" -> assertion();
      case "accessToken" -> accessToken();
      default -> throw new AssertionError("nobody knows how to do " + deed);
    }
  }

  private String of(String path) {
    return text(server, path);
  }

  private GatehouseClient.Builder<GatehouseClient> builder() {
    return GatehouseClient.builder(platform).environment(name -> null).maxRetries(0).baseUrl(of("baseUrl")).organizationId(of("organizationId"));
  }

  private GatehouseClient withKey() {
    return builder().apiKey(of("apiKey")).build();
  }

  private Object ask(GatehouseClient client, String ask) throws InterruptedException {
    return client.request(Request.of(of(ask + ".method"), of(ask + ".path"))).json();
  }

  private void call() throws Exception {
    String ask = text(input, "ask");
    int calls = number(input, "calls", 1);
    String credential = text(expect, "credential");
    if (credential != null) {
      heard(ask(configured().build(), ask), ask, credential);
      return;
    }
    Exception failure =
        failureOf(
            () -> {
              GatehouseClient client = configured().build();
              for (int i = 0; i < calls; i++) ask(client, ask);
            });
    equal("class", classOf(failure), text(expect, "error"));
    if (failure instanceof GatehouseException denied) refused(denied);
    for (String option : List.of("apiKey", "accessToken", "clientSecret", "password")) {
      String place = text(input, "options." + option);
      that(option + " is printed", place == null || !failure.toString().contains(of(place)));
    }
  }

  private GatehouseClient.Builder<GatehouseClient> configured() {
    GatehouseClient.Builder<GatehouseClient> builder = builder();
    map(input, "options").forEach((option, place) -> set(builder, option, of((String) place)));
    return builder;
  }

  private static void set(GatehouseClient.Builder<GatehouseClient> builder, String option, String value) {
    switch (option) {
      case "apiKey" -> builder.apiKey(value);
      case "accessToken" -> builder.accessToken(value);
      case "clientId" -> builder.clientId(value);
      case "clientSecret" -> builder.clientSecret(value);
      case "email" -> builder.email(value);
      case "password" -> builder.password(value);
      case "organizationId" -> builder.organizationId(value);
      case "scopes" -> builder.scopes(List.of(value));
      default -> throw new AssertionError("there is no option " + option);
    }
  }

  private void heard(Object seen, String ask, String credential) {
    equal("method", text(seen, "method"), of(ask + ".method"));
    equal("path", text(seen, "path"), of(ask + ".path").replace("{organization}", of("organizationId")));
    equal("organization", text(seen, "headers.x-gatehouse-organization"), of("organizationId"));
    equal("credential", text(seen, "headers.x-gatehouse-credential"), credential);
    that("the key stays at the gate", !Json.write(seen).contains(of("apiKey")));
  }

  private void refused(GatehouseException denied) {
    equal("status", denied.status(), number(expect, "status", denied.status()));
    String reason = text(expect, "reason");
    if (reason != null) equal("reason", denied.reason(), reason);
    String code = text(expect, "code");
    if (code != null) equal("code", denied.code().orElse(null), code);
    if (Json.at(expect, "requestId") != null) that("request id", denied.requestId().isPresent());
    if (Json.at(expect, "retryAfter") != null) {
      long seconds = denied.retryAfter().orElseThrow().toSeconds();
      that("retry after " + seconds, seconds >= 1 && seconds <= 60);
    }
  }

  private void environment() throws Exception {
    String prefix = platform.envPrefix();
    Map<String, String> environment =
        Map.of(prefix + "_API_KEY", of("apiKey"), prefix + "_ORG_ID", of("organizationId"), prefix + "_BASE_URL", of("baseUrl"));
    GatehouseClient client = GatehouseClient.builder(platform).environment(environment::get).build();
    heard(ask(client, "allowed"), "allowed", text(expect, "credential"));
  }

  private void bodies() throws Exception {
    String text = text(input, "body");
    GatehouseClient client = withKey();
    Request asIs =
        Request.of(of("forbidden.method"), of("forbidden.path"))
            .header("Content-Type", "application/json")
            .body(text.getBytes(StandardCharsets.UTF_8));
    Object seen = client.request(asIs).json();
    equal("body", text(seen, "body"), text);
    heard(seen, "forbidden", text(expect, "credential"));
    Request json = Request.of(of("forbidden.method"), of("forbidden.path")).json(Json.read(text));
    equal("JSON", Json.read(text(client.request(json).json(), "body")), Json.read(text));
  }

  private void refresh() throws Exception {
    Auth auth = withKey().auth();
    UserTokens first = auth.getToken(of("email"), of("password"));
    UserTokens next = auth.refresh(first.refreshToken());
    ask(builder().accessToken(next.accessToken()).build(), "allowed");
    Exception again = failureOf(() -> auth.refresh(first.refreshToken()));
    equal("a refresh token again", classOf(again), text(expect, "error"));
  }

  private void noRefreshToken() {
    Auth auth = withKey().auth();
    for (String none : new String[] {"", null}) {
      equal("class", classOf(failureOf(() -> auth.refresh(none))), text(expect, "error"));
    }
  }

  private void webhook() throws Exception {
    Webhooks verifier = Webhooks.of(platform, of("webhook.secret"));
    byte[] payload = of("webhook.payload").getBytes(StandardCharsets.UTF_8);
    Map<String, String> headers = new HashMap<>();
    map(server, "webhook.headers").forEach((name, value) -> headers.put(name, (String) value));
    equal("id", verifier.verify(payload, headers).id().orElse(null), headers.get("webhook-id"));
    Map<String, String> own = new HashMap<>(headers);
    own.keySet().removeIf(name -> name.startsWith("webhook-"));
    verifier.verify(payload, own);
    byte[] longer = (of("webhook.payload") + " ").getBytes(StandardCharsets.UTF_8);
    Exception changed = failureOf(() -> verifier.verify(longer, headers));
    equal("a changed body", ((WebhookException) changed).reason(), text(expect, "reason"));
  }

  private void assertion() throws Exception {
    String assertion = text(ask(withKey(), "allowed"), "headers.x-gatehouse-assertion");
    Verifier verifier = Verifier.of(of("issuer"), of("audience"));
    Principal caller = verifier.verifyAssertion(assertion, of("allowed.scope"));
    equal("kind", caller.kind(), text(expect, "kind"));
    equal("organization", caller.organizationId(), of("organizationId"));
    Verifier elsewhere = Verifier.of(of("issuer"), "https://else.example.com");
    refuses("for another API", () -> elsewhere.verifyAssertion(assertion));
    refuses("with other claims", () -> verifier.verifyAssertion(withOtherClaims(assertion)));
    refuses("as an access token", () -> verifier.verifyAccessToken(assertion));
  }

  private void accessToken() throws Exception {
    String token = of("accessToken");
    Verifier verifier = Verifier.of(of("issuer"), of("audience"));
    Principal caller = verifier.verifyAccessToken(token, of("allowed.scope"));
    equal("kind", caller.kind(), text(expect, "kind"));
    equal("subject", caller.subject(), of("clientId"));
    equal("organization", caller.organizationId(), of("organizationId"));
    refuses("with an x at its end", () -> verifier.verifyAccessToken(token + "x"));
    refuses("as an assertion", () -> verifier.verifyAssertion(token));
    String assertion = text(ask(builder().accessToken(token).build(), "allowed"), "headers.x-gatehouse-assertion");
    equal("kind at the gate", verifier.verifyAssertion(assertion).kind(), text(expect, "kind"));
    String forged = token.substring(0, token.lastIndexOf('.') + 1) + assertion.substring(assertion.lastIndexOf('.') + 1);
    refuses("under another's signature", () -> verifier.verifyAccessToken(forged));
  }

  private static void refuses(String what, Check.Test verification) {
    that(what, failureOf(verification) instanceof TokenRefusedException);
  }

  /** The same signature below other claims. */
  private static String withOtherClaims(String jwt) {
    String[] parts = jwt.split("\\.");
    String said = new String(Base64.getUrlDecoder().decode(parts[1]), StandardCharsets.UTF_8);
    Map<String, Object> claims = new HashMap<>();
    ((Map<?, ?>) Json.read(said)).forEach((name, value) -> claims.put((String) name, value));
    claims.put("org_id", "another");
    byte[] changed = Json.write(claims).getBytes(StandardCharsets.UTF_8);
    parts[1] = Base64.getUrlEncoder().withoutPadding().encodeToString(changed);
    return String.join(".", parts);
  }
}
