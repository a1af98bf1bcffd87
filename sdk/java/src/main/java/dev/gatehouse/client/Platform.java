package dev.gatehouse.client;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;

/**
 * What tells one platform's client from another's.
 *
 * @param envPrefix begins the environment variables: KLOAKD_API_KEY and so on
 * @param organizationHeader null where no header carries the organization
 * @param apiKeyHeader null where API keys go as a bearer
 * @param tokenUrl below the base URL
 * @param userTokenPaths null where nobody gets tokens for email and password
 * @param fieldStyle of bodies at userTokenPaths: camelCase or snake_case
 * @param errorTable the first row that fits an answer gives its canonical reason
 */
public record Platform(
    String name,
    String envPrefix,
    String baseUrl,
    String organizationHeader,
    String apiKeyHeader,
    String tokenUrl,
    UserTokenPaths userTokenPaths,
    String fieldStyle,
    WebhookFormat webhook,
    ErrorBody errorBody,
    List<ErrorRow> errorTable) {

  /** Below the base URL. */
  public record UserTokenPaths(String token, String refresh) {}

  /** @param style timestamped (t=seconds,v1=hex) or plain (sha256=hex) */
  public record WebhookFormat(String header, String style) {}

  /** Dotted paths into the JSON of an error. */
  public record ErrorBody(String code, String message, String retryAfter) {}

  /** Null fits everything. */
  public record ErrorRow(
      int status, String code, String message, String credential, String challenge, String reason) {}

  /**
   * The configuration of kliq, kaie, klen or kloakd.
   *
   * @throws IllegalArgumentException for any other name
   */
  public static Platform preset(String id) {
    if (!(Json.at(Presets.ALL, id) instanceof Map<?, ?> found)) {
      throw new IllegalArgumentException("there is no preset " + id);
    }
    return read(found);
  }

  private static final class Presets {
    static final Object ALL = load();

    private static Object load() {
      try (InputStream file = Platform.class.getResourceAsStream("presets.json")) {
        return Json.at(Json.read(new String(file.readAllBytes(), StandardCharsets.UTF_8)), "presets");
      } catch (IOException broken) {
        throw new UncheckedIOException(broken);
      }
    }
  }

  private static Platform read(Map<?, ?> from) {
    Object paths = from.get("userTokenPaths");
    List<ErrorRow> rows = ((List<?>) from.get("errorTable")).stream().map(Platform::row).toList();
    return new Platform(
        text(from, "name"),
        text(from, "envPrefix"),
        text(from, "baseUrl"),
        text(from, "organizationHeader"),
        text(from, "apiKeyHeader"),
        text(from, "tokenUrl"),
        paths == null ? null : new UserTokenPaths(text(paths, "token"), text(paths, "refresh")),
        text(from, "fieldStyle"),
        new WebhookFormat(text(from, "webhook.header"), text(from, "webhook.style")),
        new ErrorBody(text(from, "errorBody.code"), text(from, "errorBody.message"), text(from, "errorBody.retryAfter")),
        rows);
  }

  private static ErrorRow row(Object from) {
    int status = ((Double) Json.at(from, "status")).intValue();
    return new ErrorRow(
        status, text(from, "code"), text(from, "message"), text(from, "credential"), text(from, "challenge"), text(from, "reason"));
  }

  private static String text(Object from, String path) {
    return (String) Json.at(from, path);
  }
}
