package dev.gatehouse.client;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A success: 2xx. */
public final class Response {
  private final int status;
  private final Map<String, List<String>> headers;
  private final byte[] body;

  Response(int status, Map<String, List<String>> headers, byte[] body) {
    this.status = status;
    this.headers = headers;
    this.body = body;
  }

  public int status() {
    return status;
  }

  /** The first of that name, however it is spelled. */
  public Optional<String> header(String name) {
    return headers(name).stream().findFirst();
  }

  List<String> headers(String name) {
    return headers.entrySet().stream()
        .filter(entry -> entry.getKey().equalsIgnoreCase(name))
        .flatMap(entry -> entry.getValue().stream())
        .toList();
  }

  public byte[] body() {
    return body.clone();
  }

  /** The body as UTF-8. */
  public String text() {
    return new String(body, StandardCharsets.UTF_8);
  }

  /**
   * The body as maps, lists, text, doubles, booleans and null. Another library may read {@link #text}.
   *
   * @throws IllegalArgumentException if it is no JSON
   */
  public Object json() {
    return Json.read(text());
  }
}
