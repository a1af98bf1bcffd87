package dev.gatehouse.client;

import static dev.gatehouse.client.Check.*;

import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The filter in a servlet container, asked over HTTP: {@code java -cp … dev.gatehouse.client.FilterTests}, in
 * sdk/java.
 */
public final class FilterTests {
  private static final String BEARER = "Authorization";
  private static final String ASSERTION = Verifier.ASSERTION_HEADER;

  private final Container container;
  private final Object file;

  private FilterTests(Container container, Object file) {
    this.container = container;
    this.file = file;
  }

  public static void main(String[] arguments) throws Exception {
    Container container = new Container();
    FilterTests tests = new FilterTests(container, vectors("assertions.json"));
    each("assertions.json", tests::vector);
    test("two credentials are none", tests::twice);
    test("a bad assertion is not made good by a token beside it", tests::badAssertion);
    test("headers that anybody can write say nothing", tests::plainHeaders);
    test("what the filter is not mapped to knows nobody", tests::unmapped);
    test("every path below the mapping is asked", tests::spellings);
    test("a servlet that answers later knows its caller", tests::later);
    test("a refusal is JSON that nobody stores, without the token", tests::refusal);
    test("without keys the answer says when to come again", tests::noKeys);
    String live = System.getenv("GATEHOUSE_LIVE");
    if (live == null) System.out.println("live: skipped, GATEHOUSE_LIVE is not set");
    else tests.live(live);
    container.stop();
    System.out.println(passed + " passed, " + failed + " failed");
    System.exit(failed == 0 ? 0 : 1);
  }

  /** Of the vectors' issuer, at their time. */
  private Verifier verifier(String keySet) {
    KeySet.Source source =
        () -> {
          if (keySet == null) throw new ConnectionException("down");
          return Json.write(Json.at(file, "keySets." + keySet));
        };
    return new Verifier(text(file, "issuer"), text(file, "audience"), at((Double) Json.at(file, "now")), source);
  }

  private String notes(String... scopes) {
    return container.deploy(verifier("both"), scopes) + "/notes";
  }

  private String token(String name) {
    for (Object one : list(file, "cases")) if (name.equals(text(one, "name"))) return text(one, "input.token");
    throw new AssertionError("no case " + name);
  }

  private void vector(Object input, Object expect) throws Exception {
    String set = text(input, "jwks") == null ? "both" : text(input, "jwks");
    String[] scopes = list(input, "requireScopes").toArray(String[]::new);
    String address = container.deploy(verifier(set), scopes) + "/notes";
    String token = text(input, "token");
    boolean isBearer = text(input, "header").equals("bearer");
    List<String> headers = new ArrayList<>();
    if (!token.isEmpty()) headers.addAll(isBearer ? List.of(BEARER, "Bearer " + token) : List.of(ASSERTION, token));
    HttpResponse<String> answer = container.get(address, headers.toArray(String[]::new));
    if (Json.at(expect, "principal") != null) {
      equal("status", answer.statusCode(), 200);
      equal("principal", Json.read(answer.body()), Json.at(expect, "principal"));
      return;
    }
    boolean isForbidden = Json.at(expect, "forbidden") != null;
    String error = isForbidden ? "insufficient_scope" : text(expect, "challenge");
    String challenge = error == null ? "Bearer" : "Bearer error=\"" + error + "\"";
    if (isForbidden) challenge += ", scope=\"" + String.join(" ", scopes) + "\"";
    equal("status", answer.statusCode(), isForbidden ? 403 : 401);
    equal("challenge", answer.headers().allValues("WWW-Authenticate"), List.of(challenge));
  }

  private void twice() throws Exception {
    String assertion = token("an assertion");
    String bearer = "Bearer " + token("an access token");
    equal("assertions", container.get(notes(), ASSERTION, assertion, ASSERTION, assertion).statusCode(), 401);
    equal("bearers", container.get(notes(), BEARER, bearer, BEARER, bearer).statusCode(), 401);
    equal("joined", container.get(notes(), ASSERTION, assertion + "," + assertion).statusCode(), 401);
  }

  private void badAssertion() throws Exception {
    String bearer = "Bearer " + token("an access token");
    equal("alone", container.get(notes(), BEARER, bearer).statusCode(), 200);
    equal("beside", container.get(notes(), ASSERTION, "nonsense", BEARER, bearer).statusCode(), 401);
  }

  private void plainHeaders() throws Exception {
    String[] forged = {"X-Gatehouse-Subject", "user_1", "X-Gatehouse-Organization", "org_1", Principal.class.getName(), "x"};
    equal("status", container.get(notes(), forged).statusCode(), 401);
    String[] both = Arrays.copyOf(forged, forged.length + 2);
    both[forged.length] = ASSERTION;
    both[forged.length + 1] = token("an assertion");
    equal("id", text(Json.read(container.get(notes(), both).body()), "id"), "key_1");
  }

  private void unmapped() throws Exception {
    String open = container.deploy(verifier("both")) + "/open";
    equal("a filter elsewhere", container.get(open, ASSERTION, token("an assertion")).body(), "null");
    String none = container.deploy(null) + "/notes";
    equal("no filter", container.get(none, ASSERTION, token("an assertion")).body(), "null");
  }

  private void spellings() throws Exception {
    String application = container.deploy(verifier("both"));
    for (String path : List.of("/notes", "/notes/", "/notes/1", "/notes;a=b/1", "/%6eotes", "//notes", "/open/../notes")) {
      equal(path, container.get(application + path).statusCode(), 401);
    }
  }

  private void later() throws Exception {
    String address = container.deploy(verifier("both"), "notes:read") + "/later";
    equal("id", text(Json.read(container.get(address, ASSERTION, token("an assertion")).body()), "id"), "key_1");
    equal("nobody", container.get(address).statusCode(), 401);
  }

  private void refusal() throws Exception {
    String token = token("expired 5 s ago");
    HttpResponse<String> answer = container.get(notes(), ASSERTION, token);
    equal("code", text(Json.read(answer.body()), "error"), "invalid_token");
    equal("cache", answer.headers().firstValue("Cache-Control").orElse(""), "no-store");
    that("type", answer.headers().firstValue("Content-Type").orElse("").startsWith("application/json"));
    that("the token", !(answer.body() + answer.headers().map()).contains(token));
  }

  private void noKeys() throws Exception {
    String address = container.deploy(verifier(null)) + "/notes";
    HttpResponse<String> answer = container.get(address, ASSERTION, token("an assertion"));
    equal("status", answer.statusCode(), 503);
    equal("retry after", answer.headers().firstValue("Retry-After").orElse(""), "2");
    equal("challenge", answer.headers().allValues("WWW-Authenticate"), List.of());
    equal("code", text(Json.read(answer.body()), "error"), "temporarily_unavailable");
  }

  /** What started servers forward and issue; their keys are fetched. */
  private void live(String path) throws Exception {
    Object servers = Json.read(Files.readString(Path.of(path)));
    for (String id : List.of("kliq", "kaie", "klen", "kloakd")) {
      int before = failed;
      test("live " + id, () -> liveServer(Platform.preset(id), Json.at(servers, id)));
      if (failed == before) System.out.println("live filter " + id + ": ok");
    }
  }

  private void liveServer(Platform platform, Object server) throws Exception {
    String scope = text(server, "allowed.scope");
    Verifier verifier = Verifier.of(text(server, "issuer"), text(server, "audience"));
    String address = container.deploy(verifier, scope) + "/notes";
    var builder = GatehouseClient.builder(platform).environment(name -> null).maxRetries(0);
    builder.baseUrl(text(server, "baseUrl")).organizationId(text(server, "organizationId"));
    Request request = Request.of(text(server, "allowed.method"), text(server, "allowed.path"));

    Object heard = builder.apiKey(text(server, "apiKey")).build().request(request).json();
    String assertion = text(heard, "headers.x-gatehouse-assertion");
    Object byKey = Json.read(container.get(address, ASSERTION, assertion).body());
    equal("kind", text(byKey, "kind"), "api_key");
    equal("organization", text(byKey, "organizationId"), text(server, "organizationId"));
    that("scopes", list(byKey, "scopes").contains(scope));
    equal("forged", container.get(address, ASSERTION, forged(assertion)).statusCode(), 401);
    equal("nobody", container.get(address).statusCode(), 401);
    String elsewhere = container.deploy(Verifier.of(text(server, "issuer"), "https://other.example.com")) + "/notes";
    equal("for another API", container.get(elsewhere, ASSERTION, assertion).statusCode(), 401);

    builder.apiKey(null).clientId(text(server, "clientId")).clientSecret(text(server, "clientSecret"));
    String token = builder.build().auth().clientCredentials().accessToken();
    Object byToken = Json.read(container.get(address, BEARER, "Bearer " + token).body());
    equal("kind", text(byToken, "kind"), "access_token");
    equal("subject", text(byToken, "subject"), text(server, "clientId"));
    equal("as assertion", container.get(address, ASSERTION, token).statusCode(), 401);
    equal("as bearer", container.get(address, BEARER, "Bearer " + assertion).statusCode(), 401);
  }

  /** The same signature below other claims: another organization, by one letter. */
  private static String forged(String jwt) {
    String[] parts = jwt.split("\\.");
    String claims = new String(java.util.Base64.getUrlDecoder().decode(parts[1]), java.nio.charset.StandardCharsets.UTF_8);
    String changed = claims.replaceFirst("\"org_id\":\"", "\"org_id\":\"x");
    if (changed.equals(claims)) throw new AssertionError("no org_id in " + claims);
    byte[] bytes = changed.getBytes(java.nio.charset.StandardCharsets.UTF_8);
    return parts[0] + "." + java.util.Base64.getUrlEncoder().withoutPadding().encodeToString(bytes) + "." + parts[2];
  }
}
