package dev.gatehouse.client;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Any call of the platform's API. */
public final class Request {
  final String method;
  final String path;
  final List<Map.Entry<String, String>> query = new ArrayList<>();
  final List<Map.Entry<String, String>> headers = new ArrayList<>();
  byte[] body;
  boolean isJson;

  private Request(String method, String path) {
    this.method = method;
    this.path = path;
  }

  /**
   * @param path begins with one slash, percent-encoded, without query; {organization} in it becomes the
   *     organization id
   */
  public static Request of(String method, String path) {
    return new Request(method, path);
  }

  public static Request get(String path) {
    return of("GET", path);
  }

  public static Request post(String path) {
    return of("POST", path);
  }

  public static Request put(String path) {
    return of("PUT", path);
  }

  public static Request patch(String path) {
    return of("PATCH", path);
  }

  public static Request delete(String path) {
    return of("DELETE", path);
  }

  /** Adds one; a name may occur more than once. */
  public Request query(String name, String value) {
    query.add(Map.entry(name, value));
    return this;
  }

  /** Adds one. The credential and the organization are the client's: they can't be set here. */
  public Request header(String name, String value) {
    headers.add(Map.entry(name, value));
    return this;
  }

  /**
   * The body as JSON.
   *
   * @param value of maps, iterables, text, numbers, booleans and null
   * @throws IllegalArgumentException for anything else
   */
  public Request json(Object value) {
    body = Json.write(value).getBytes(StandardCharsets.UTF_8);
    isJson = true;
    return this;
  }

  /** The body as it is. */
  public Request body(byte[] bytes) {
    body = bytes.clone();
    isJson = false;
    return this;
  }
}
