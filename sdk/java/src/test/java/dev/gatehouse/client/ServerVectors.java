package dev.gatehouse.client;

import static dev.gatehouse.client.Check.*;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** webhooks and assertions of sdk/vectors. */
final class ServerVectors {
  private ServerVectors() {}

  static void run() throws Exception {
    each("webhooks.json", ServerVectors::webhook);
    Object file = vectors("assertions.json");
    each("assertions.json", (input, expect) -> assertion(file, input, expect));
    for (Object one : list(file, "caching")) test("caching: " + text(one, "name"), () -> caching(file, one));
  }

  private static void webhook(Object input, Object expect) {
    byte[] payload =
        text(input, "payloadBase64") == null
            ? text(input, "payload").getBytes(StandardCharsets.UTF_8)
            : Base64.getDecoder().decode(text(input, "payloadBase64"));
    Map<String, String> headers =
        map(input, "headers").entrySet().stream().collect(Collectors.toMap(Map.Entry::getKey, one -> (String) one.getValue()));
    List<String> secrets = list(input, "secrets").stream().map(String::valueOf).toList();
    Platform.WebhookFormat format = new Platform.WebhookFormat(text(input, "header"), text(input, "style"));
    Duration tolerance = Duration.ofSeconds(number(input, "toleranceSeconds", 300));
    Webhooks.Delivered[] delivered = {null};
    Exception failure =
        failureOf(() -> delivered[0] = Webhooks.of(format, secrets, tolerance, at((Double) Json.at(input, "now"))).verify(payload, headers));
    String reason = failure instanceof WebhookException refused ? refused.reason() : null;
    equal("error", failure instanceof ConfigurationException ? "configuration" : reason, Json.at(expect, "error"));
    if (failure != null) return;
    equal("id", delivered[0].id().orElse(null), Json.at(expect, "id"));
    equal("timestamp", delivered[0].timestamp().map(time -> (double) time.getEpochSecond()).orElse(null), Json.at(expect, "timestamp"));
  }

  private static Verifier verifier(Object file, java.time.Clock clock, KeySet.Source source) {
    return new Verifier(text(file, "issuer"), text(file, "audience"), clock, source);
  }

  private static void assertion(Object file, Object input, Object expect) {
    String set = text(input, "jwks") == null ? "both" : text(input, "jwks");
    Verifier verifier = verifier(file, at((Double) Json.at(file, "now")), () -> Json.write(Json.at(file, "keySets." + set)));
    String[] scopes = list(input, "requireScopes").toArray(String[]::new);
    String token = text(input, "token");
    boolean isBearer = text(input, "header").equals("bearer");
    List<String> header = token.isEmpty() ? List.of() : List.of((isBearer ? "Bearer " : "") + token);
    Principal[] found = {null, null};
    Exception first =
        failureOf(() -> found[0] = isBearer ? verifier.verifyAccessToken(token, scopes) : verifier.verifyAssertion(token, scopes));
    Exception second =
        failureOf(() -> found[1] = isBearer ? verifier.verify(List.of(), header, scopes) : verifier.verify(header, List.of(), scopes));
    equal("both ways", String.valueOf(second), String.valueOf(first));
    equal("both ways", found[1], found[0]);
    if (Json.at(expect, "principal") != null) checkPrincipal(found[0], first, Json.at(expect, "principal"));
    else checkRefusal((TokenRefusedException) first, expect, scopes);
  }

  private static void checkPrincipal(Principal is, Exception failure, Object wanted) {
    equal("failure", failure, null);
    List<String> scopes = list(wanted, "scopes").stream().map(String::valueOf).toList();
    equal(
        "principal",
        is,
        new Principal(
            text(wanted, "kind"), text(wanted, "id"), text(wanted, "subject"), text(wanted, "organizationId"),
            text(wanted, "environment"), scopes, text(wanted, "plan")));
  }

  private static void checkRefusal(TokenRefusedException refused, Object expect, String... scopes) {
    if (Json.at(expect, "forbidden") != null) {
      equal("status", refused.status(), 403);
      equal("challenge", refused.challenge(), "Bearer error=\"insufficient_scope\", scope=\"" + String.join(" ", scopes) + "\"");
      return;
    }
    String challenge = text(expect, "challenge");
    equal("status", refused.status(), 401);
    equal("challenge", refused.challenge(), challenge == null ? "Bearer" : "Bearer error=\"" + challenge + "\"");
  }

  private static void caching(Object file, Object one) throws Exception {
    double start = (Double) Json.at(file, "now");
    double[] now = {start};
    String[] serving = {null};
    int[] fetches = {0};
    java.time.Clock clock =
        new java.time.Clock() {
          @Override
          public java.time.Instant instant() {
            return java.time.Instant.ofEpochSecond((long) now[0]);
          }

          @Override
          public java.time.ZoneId getZone() {
            return java.time.ZoneOffset.UTC;
          }

          @Override
          public java.time.Clock withZone(java.time.ZoneId zone) {
            return this;
          }
        };
    Verifier verifier =
        verifier(
            file,
            clock,
            () -> {
              fetches[0]++;
              if (serving[0].equals("down")) throw new ConnectionException("down");
              return Json.write(Json.at(file, "keySets." + serving[0]));
            });
    for (Object step : list(one, "steps")) {
      now[0] = start + number(step, "at", 0);
      serving[0] = text(step, "jwks");
      List<String> results = new java.util.concurrent.CopyOnWriteArrayList<>();
      List<Thread> callers = new java.util.ArrayList<>();
      for (int i = 0; i < number(step, "atOnce", 1); i++) {
        callers.add(new Thread(() -> results.add(resultOf(failureOf(() -> verifier.verifyAccessToken(text(step, "token")))))));
      }
      callers.forEach(Thread::start);
      for (Thread caller : callers) caller.join();
      equal("results", results.stream().distinct().toList(), List.of(text(step, "result")));
      equal("fetches", fetches[0], number(step, "fetches", -1));
    }
  }

  private static String resultOf(Exception failure) {
    if (failure == null) return "ok";
    return ((TokenRefusedException) failure).status() == 503 ? "unavailable" : "refused";
  }
}
