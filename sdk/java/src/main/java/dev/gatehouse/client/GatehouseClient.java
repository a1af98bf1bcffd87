package dev.gatehouse.client;

import java.net.URI;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;

/** Calls one platform's API. Safe for use by many threads; make one and keep it. */
public class GatehouseClient {
  /** Of this package, as it is sent in User-Agent. */
  public static final String VERSION = "0.1.0";

  static final String USER_AGENT = "gatehouse-client-java/" + VERSION;
  private static final Pattern CONTROL = Pattern.compile("[\\x00-\\x1f\\x7f\\\\#]");

  final Settings settings;
  private final Delivery delivery;
  private final Auth auth;
  /** Null where the credential was given. */
  private final TokenSource tokens;

  GatehouseClient(Settings settings) {
    this.settings = settings;
    delivery = new Delivery(settings);
    auth = new Auth(settings, delivery);
    tokens =
        switch (settings.credential.method) {
          case CLIENT_CREDENTIALS -> new TokenSource(settings.clock, auth::clientCredentials);
          case PASSWORD -> new TokenSource(settings.clock, auth.new PasswordGrant());
          default -> null;
        };
  }

  /** A client of a platform that this package has no preset for. */
  public static Builder<GatehouseClient> builder(Platform platform) {
    return new Builder<>(platform, GatehouseClient::new);
  }

  /** Tokens for email and password, on platforms that have them. */
  public Auth auth() {
    return auth;
  }

  /** What calls are for; empty if nothing in particular. */
  public Optional<String> organizationId() {
    return Optional.ofNullable(settings.organizationId);
  }

  public String baseUrl() {
    return settings.baseUrl;
  }

  /** Platform and method, and no secret. */
  @Override
  public final String toString() {
    return settings.platform.name() + " client (" + settings.credential.method.word + ")";
  }

  /**
   * Calls the API and reads the whole answer.
   *
   * @throws AuthenticationException 401
   * @throws ForbiddenException 403; {@link NotEntitledException} where it is the plan
   * @throws RateLimitException 429
   * @throws ServerException 500 and above
   * @throws GatehouseException any other answer that is no success; all others are one, too
   * @throws ConnectionException without an answer; {@link RequestTimeoutException} after the timeout
   * @throws ConfigurationException for a request that can't be sent
   * @throws InterruptedException if the thread is interrupted while it waits
   */
  public Response request(Request request) throws InterruptedException {
    URI url = urlOf(request);
    if (tokens == null) return send(request, url, settings.credential.secret());
    UserTokens current = tokens.get();
    try {
      return send(request, url, current.accessToken());
    } catch (AuthenticationException refused) {
      tokens.drop(current);
      return send(request, url, tokens.get().accessToken());
    }
  }

  private Response send(Request request, URI url, String credential) throws InterruptedException {
    boolean isKey = settings.credential.method == Credential.Method.API_KEY;
    String keyHeader = settings.platform.apiKeyHeader();
    List<Map.Entry<String, String>> headers = headersOf(request);
    if (isKey && keyHeader != null) headers.add(Map.entry(keyHeader, credential));
    else headers.add(Map.entry("Authorization", "Bearer " + credential));
    String method = request.method.toUpperCase(Locale.ROOT);
    if (!method.matches("[A-Z]+")) throw new ConfigurationException("the method must be letters only");
    List<String> secrets = List.of(credential, settings.credential.secret());
    return delivery.send(
        new Transport.Outgoing(method, url, headers, request.body), isKey ? "api_key" : "token", secrets);
  }

  private List<Map.Entry<String, String>> headersOf(Request request) {
    Set<String> own = new TreeSet<>(String.CASE_INSENSITIVE_ORDER);
    own.addAll(List.of("Authorization", "Cookie", "User-Agent"));
    if (settings.platform.apiKeyHeader() != null) own.add(settings.platform.apiKeyHeader());
    if (settings.platform.organizationHeader() != null) own.add(settings.platform.organizationHeader());
    List<Map.Entry<String, String>> headers = new ArrayList<>();
    Set<String> said = new TreeSet<>(String.CASE_INSENSITIVE_ORDER);
    for (Map.Entry<String, String> header : request.headers) {
      if (own.contains(header.getKey())) continue;
      headers.add(header);
      said.add(header.getKey());
    }
    if (!said.contains("Accept")) headers.add(Map.entry("Accept", "application/json"));
    if (request.isJson && !said.contains("Content-Type")) {
      headers.add(Map.entry("Content-Type", "application/json"));
    }
    headers.add(Map.entry("User-Agent", USER_AGENT));
    if (settings.platform.organizationHeader() != null && settings.organizationId != null) {
      headers.add(Map.entry(settings.platform.organizationHeader(), settings.organizationId));
    }
    return headers;
  }

  private URI urlOf(Request request) {
    String path = request.path;
    if (path.contains("{organization}")) {
      if (settings.organizationId == null) {
        throw new ConfigurationException("the path names {organization}, and there is no organizationId");
      }
      path = path.replace("{organization}", Text.percentEncoded(settings.organizationId));
    }
    checkPath(path);
    StringBuilder url = new StringBuilder(settings.baseUrl).append(path);
    char between = '?';
    for (Map.Entry<String, String> param : request.query) {
      url.append(between).append(Text.percentEncoded(param.getKey()));
      url.append('=').append(Text.percentEncoded(param.getValue()));
      between = '&';
    }
    try {
      return URI.create(url.toString());
    } catch (IllegalArgumentException malformed) {
      throw new ConfigurationException("the path is not percent-encoded properly");
    }
  }

  private static void checkPath(String path) {
    if (!path.startsWith("/") || path.startsWith("//")) {
      throw new ConfigurationException("the path must begin with one slash: it is below the base URL");
    }
    if (path.contains("?")) {
      throw new ConfigurationException("the path has a question mark: give the query as query, or encode it as %3F");
    }
    if (CONTROL.matcher(path).find()) {
      throw new ConfigurationException("the path has a backslash, a # or a control character: encode it");
    }
    for (String segment : path.split("/")) {
      String plain = segment.replaceAll("(?i)%2e", ".");
      if (plain.equals(".") || plain.equals("..")) {
        throw new ConfigurationException("the path has a segment . or .., which would lead elsewhere");
      }
    }
  }

  /**
   * Says who calls. Exactly one method: apiKey; accessToken; clientId and clientSecret; or email and
   * password, where the platform has user tokens. With none of them the platform's environment variables are
   * read; as soon as one is given, no credential comes from the environment.
   */
  public static final class Builder<C extends GatehouseClient> {
    private final Platform platform;
    private final Function<Settings, C> make;
    private final Map<Credential.Field, String> credentials = new EnumMap<>(Credential.Field.class);
    private final Settings settings = new Settings();
    private String organizationId;
    private String baseUrl;
    private String tokenUrl;
    private Duration timeout = Duration.ofSeconds(30);
    private UnaryOperator<String> environment = System::getenv;

    Builder(Platform platform, Function<Settings, C> make) {
      this.platform = platform;
      this.make = make;
      settings.platform = platform;
      settings.scopes = List.of();
      settings.maxRetries = 2;
      settings.clock = Clock.systemUTC();
      settings.random = () -> ThreadLocalRandom.current().nextDouble();
      settings.sleeper = wait -> Thread.sleep(wait.toMillis());
    }

    private Builder<C> credential(Credential.Field field, String value) {
      credentials.put(field, value);
      return this;
    }

    /** Else {@code <PREFIX>_API_KEY}. */
    public Builder<C> apiKey(String value) {
      return credential(Credential.Field.API_KEY, value);
    }

    /** Else {@code <PREFIX>_ACCESS_TOKEN}. It is used as it is, never refreshed. */
    public Builder<C> accessToken(String value) {
      return credential(Credential.Field.ACCESS_TOKEN, value);
    }

    /** Else {@code <PREFIX>_CLIENT_ID}. Tokens are fetched by themselves (RFC 6749 §4.4). */
    public Builder<C> clientId(String value) {
      return credential(Credential.Field.CLIENT_ID, value);
    }

    /** Else {@code <PREFIX>_CLIENT_SECRET}. */
    public Builder<C> clientSecret(String value) {
      return credential(Credential.Field.CLIENT_SECRET, value);
    }

    /** Else {@code <PREFIX>_EMAIL}. Tokens are fetched and refreshed by themselves. */
    public Builder<C> email(String value) {
      return credential(Credential.Field.EMAIL, value);
    }

    /** Else {@code <PREFIX>_PASSWORD}. */
    public Builder<C> password(String value) {
      return credential(Credential.Field.PASSWORD, value);
    }

    /** Else {@code <PREFIX>_ORG_ID}. */
    public Builder<C> organizationId(String value) {
      organizationId = value;
      return this;
    }

    /** Else {@code <PREFIX>_BASE_URL}, else production. */
    public Builder<C> baseUrl(String value) {
      baseUrl = value;
      return this;
    }

    /** Of an authorization server elsewhere; default: the platform's own below the base URL. */
    public Builder<C> tokenUrl(String value) {
      tokenUrl = value;
      return this;
    }

    /** Of tokens that are fetched; default: all that the client or user may have. */
    public Builder<C> scopes(List<String> values) {
      settings.scopes = List.copyOf(values);
      return this;
    }

    /** After the first attempt; default 2. */
    public Builder<C> maxRetries(int count) {
      settings.maxRetries = Math.max(0, count);
      return this;
    }

    /** Of one attempt with its whole answer; default 30 s. */
    public Builder<C> timeout(Duration value) {
      timeout = value;
      return this;
    }

    Builder<C> environment(UnaryOperator<String> value) {
      environment = value;
      return this;
    }

    /** For tests of this package: clock, random, sleeper and transport. */
    Builder<C> with(java.util.function.Consumer<Settings> change) {
      change.accept(settings);
      return this;
    }

    /** @throws ConfigurationException for no method, two methods, half a method, or an unusable value */
    public C build() {
      Settings settings = this.settings.copy();
      settings.organizationId = found(organizationId, "_ORG_ID", null);
      if (settings.organizationId != null && !Text.isVisibleAscii(settings.organizationId)) {
        throw new ConfigurationException("organizationId has white space, control characters or letters beyond ASCII");
      }
      settings.baseUrl = plain("baseUrl", found(baseUrl, "_BASE_URL", platform.baseUrl()));
      boolean isElsewhere = tokenUrl != null && !tokenUrl.isEmpty();
      settings.tokenUrl = isElsewhere ? plain("tokenUrl", tokenUrl) : settings.baseUrl + platform.tokenUrl();
      settings.credential = Credential.find(platform, credentials, environment);
      if (settings.transport == null) settings.transport = Transport.over(timeout);
      return make.apply(settings);
    }

    private String found(String given, String variable, String otherwise) {
      if (given != null && !given.isEmpty()) return given;
      String inEnvironment = environment.apply(platform.envPrefix() + variable);
      return inEnvironment == null || inEnvironment.isEmpty() ? otherwise : inEnvironment;
    }

    private static String plain(String name, String url) {
      if (Text.isPlainUrl(url)) return Text.withoutSlashes(url);
      throw new ConfigurationException(
          name + " must be http:// or https:// with a host, without user, password, query or fragment");
    }
  }
}
