package dev.gatehouse.client;

import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Exchanges credentials for tokens. Its requests don't carry the client's own API key or token. */
public final class Auth {
  /** Where nobody knows (RFC 6749 §5.1 only recommends to say it). */
  private static final Duration DEFAULT_LIFETIME = Duration.ofHours(1);

  /** More than this says no more than this. */
  private static final double LONGEST_LIFETIME_SECONDS = 1e9;

  private final Settings settings;
  private final Delivery delivery;

  Auth(Settings settings, Delivery delivery) {
    this.settings = settings;
    this.delivery = delivery;
  }

  /**
   * Signs a user in, for the client's organization and scopes if it has them; without scopes for all that
   * the user's role allows.
   *
   * @throws AuthenticationException for a wrong email or password
   * @throws ConfigurationException where the platform has no user tokens
   */
  public UserTokens getToken(String email, String password) throws InterruptedException {
    requireUserTokens();
    Map<String, String> fields = new LinkedHashMap<>();
    fields.put("email", email);
    fields.put("password", password);
    if (settings.organizationId != null) fields.put(styled("organizationId"), settings.organizationId);
    if (!settings.scopes.isEmpty()) fields.put("scope", String.join(" ", settings.scopes));
    return exchange(settings.platform.userTokenPaths().token(), fields, password);
  }

  /**
   * Uses a refresh token up and returns the next.
   *
   * @throws ConfigurationException where there is none
   */
  public UserTokens refresh(String refreshToken) throws InterruptedException {
    requireUserTokens();
    if (refreshToken == null || refreshToken.isEmpty()) {
      throw new ConfigurationException("there is no refresh token: sign in anew");
    }
    Map<String, String> fields = Map.of(styled("refreshToken"), refreshToken);
    return exchange(settings.platform.userTokenPaths().refresh(), fields, refreshToken);
  }

  private void requireUserTokens() {
    if (settings.platform.userTokenPaths() == null) {
      throw new ConfigurationException(settings.platform.name() + " has no tokens for email and password");
    }
  }

  private UserTokens exchange(String path, Map<String, String> fields, String secret)
      throws InterruptedException {
    byte[] body = Json.write(fields).getBytes(StandardCharsets.UTF_8);
    Map.Entry<String, String> type = Map.entry("Content-Type", "application/json");
    return tokensOf(post(settings.baseUrl + path, List.of(type), body, List.of(secret)), true);
  }

  /** RFC 6749 §4.4, with the client's name and secret as §2.3.1 spells them. */
  UserTokens clientCredentials() throws InterruptedException {
    List<String> values = settings.credential.values;
    String spelled = Text.formEncoded(values.get(1));
    String pair = Text.formEncoded(values.get(0)) + ":" + spelled;
    String basic = Base64.getEncoder().encodeToString(pair.getBytes(StandardCharsets.UTF_8));
    String scope = settings.scopes.isEmpty() ? "" : "&scope=" + Text.formEncoded(String.join(" ", settings.scopes));
    byte[] body = ("grant_type=client_credentials" + scope).getBytes(StandardCharsets.UTF_8);
    List<Map.Entry<String, String>> headers =
        List.of(
            Map.entry("Authorization", "Basic " + basic),
            Map.entry("Content-Type", "application/x-www-form-urlencoded"));
    return tokensOf(post(settings.tokenUrl, headers, body, List.of(basic, spelled)), false);
  }

  /** @param carried secrets beside the client's own, for no exception to repeat */
  private Response post(String url, List<Map.Entry<String, String>> own, byte[] body, List<String> carried)
      throws InterruptedException {
    List<Map.Entry<String, String>> headers = new ArrayList<>(own);
    List<String> secrets = new ArrayList<>(carried);
    secrets.add(settings.credential.secret());
    headers.add(Map.entry("Accept", "application/json"));
    headers.add(Map.entry("User-Agent", GatehouseClient.USER_AGENT));
    return delivery.send(new Transport.Outgoing("POST", URI.create(url), headers, body), "token", secrets);
  }

  private UserTokens tokensOf(Response answer, boolean isOfUser) {
    Object body = Json.readOrNull(answer.text());
    String[] names = {"accessToken", "refreshToken", "expiresIn"};
    for (int i = 0; i < names.length; i++) names[i] = isOfUser ? styled(names[i]) : snake(names[i]);
    if (!(Json.at(body, names[0]) instanceof String access) || access.isEmpty() || !Text.isVisibleAscii(access)) {
      throw new GatehouseException(
          new GatehouseException.Denial(
              "unknown", answer.status(), null, "the answer has no access token", answer.header("x-request-id").orElse(null), null));
    }
    Duration lifetime = Json.at(body, names[2]) instanceof Double seconds ? within(seconds) : DEFAULT_LIFETIME;
    String refresh = Json.at(body, names[1]) instanceof String text && !text.isEmpty() ? text : null;
    return new UserTokens(access, refresh, settings.clock.instant().plus(lifetime));
  }

  private static Duration within(double seconds) {
    return Duration.ofMillis((long) (Math.min(Math.max(seconds, 0), LONGEST_LIFETIME_SECONDS) * 1000));
  }

  private String styled(String name) {
    return "camelCase".equals(settings.platform.fieldStyle()) ? name : snake(name);
  }

  private static String snake(String name) {
    return name.replaceAll("([A-Z])", "_$1").toLowerCase(java.util.Locale.ROOT);
  }

  /**
   * Email and password, with a refresh token between the fetches, until it is used or refused. Only one flight
   * at a time uses it.
   */
  final class PasswordGrant implements TokenSource.Fetch {
    private String refreshToken;

    @Override
    public UserTokens now() throws InterruptedException {
      UserTokens next = refreshToken == null ? null : refreshed();
      List<String> values = settings.credential.values;
      if (next == null) next = getToken(values.get(0), values.get(1));
      refreshToken = next.refreshToken();
      return next;
    }

    /** Null where the refresh token was refused. */
    private UserTokens refreshed() throws InterruptedException {
      try {
        return refresh(refreshToken);
      } catch (GatehouseException denied) {
        if (!isRefusal(denied.status())) throw denied;
        refreshToken = null;
        return null;
      }
    }

    /** Of the refresh token itself. What fails for the moment may pass: the password would only meet the same. */
    private static boolean isRefusal(int status) {
      return status >= 400 && status < 500 && status != 408 && status != 429;
    }
  }
}
