package dev.gatehouse.client;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** JSON as maps, lists, text, doubles, booleans and null (RFC 8259): what a client of an API needs of it. */
final class Json {
  private static final int DEEPEST = 200;

  private final String text;
  private int at;

  private Json(String text) {
    this.text = text;
  }

  /** @throws IllegalArgumentException if it is no JSON, without repeating it */
  static Object read(String text) {
    Json reader = new Json(text);
    Object value = reader.value(0);
    reader.space();
    if (reader.at < text.length()) throw reader.unexpected();
    return value;
  }

  /** Null where the text is no JSON. */
  static Object readOrNull(String text) {
    try {
      return read(text);
    } catch (IllegalArgumentException notJson) {
      return null;
    }
  }

  /** Follows a dotted path; null where it leads nowhere. */
  static Object at(Object value, String path) {
    for (String step : path.split("\\.")) {
      if (!(value instanceof Map<?, ?> object)) return null;
      value = object.get(step);
    }
    return value;
  }

  private IllegalArgumentException unexpected() {
    return new IllegalArgumentException("no JSON, at character " + at);
  }

  private void space() {
    while (at < text.length() && " \t\r\n".indexOf(text.charAt(at)) >= 0) at++;
  }

  private boolean take(String part) {
    if (!text.startsWith(part, at)) return false;
    at += part.length();
    return true;
  }

  private Object value(int depth) {
    space();
    if (depth > DEEPEST || at >= text.length()) throw unexpected();
    if (take("{")) return object(depth);
    if (take("[")) return list(depth);
    if (take("\"")) return string();
    if (take("true")) return true;
    if (take("false")) return false;
    if (take("null")) return null;
    return number();
  }

  private Map<String, Object> object(int depth) {
    Map<String, Object> found = new LinkedHashMap<>();
    space();
    if (take("}")) return found;
    do {
      space();
      if (!take("\"")) throw unexpected();
      String name = string();
      space();
      if (!take(":")) throw unexpected();
      found.put(name, value(depth + 1));
      space();
    } while (take(","));
    if (!take("}")) throw unexpected();
    return found;
  }

  private List<Object> list(int depth) {
    List<Object> found = new ArrayList<>();
    space();
    if (take("]")) return found;
    do {
      found.add(value(depth + 1));
      space();
    } while (take(","));
    if (!take("]")) throw unexpected();
    return found;
  }

  private String string() {
    StringBuilder found = new StringBuilder();
    while (at < text.length()) {
      char next = text.charAt(at++);
      if (next == '"') return found.toString();
      if (next < ' ') throw unexpected();
      found.append(next == '\\' ? escaped() : next);
    }
    throw unexpected();
  }

  private char escaped() {
    if (at >= text.length()) throw unexpected();
    char kind = text.charAt(at++);
    int plain = "\"\\/bfnrt".indexOf(kind);
    if (plain >= 0) return "\"\\/\b\f\n\r\t".charAt(plain);
    if (kind != 'u' || at + 4 > text.length()) throw unexpected();
    String digits = text.substring(at, at + 4);
    if (!digits.matches("[0-9a-fA-F]{4}")) throw unexpected();
    at += 4;
    return (char) Integer.parseInt(digits, 16);
  }

  private Double number() {
    int start = at;
    while (at < text.length() && "+-.0123456789eE".indexOf(text.charAt(at)) >= 0) at++;
    String digits = text.substring(start, at);
    if (!digits.matches("-?(0|[1-9][0-9]*)(\\.[0-9]+)?([eE][+-]?[0-9]+)?")) throw unexpected();
    return Double.valueOf(digits);
  }

  /** @throws IllegalArgumentException for anything but maps, iterables, text, numbers, booleans and null */
  static String write(Object value) {
    StringBuilder out = new StringBuilder();
    write(value, out);
    return out.toString();
  }

  private static void write(Object value, StringBuilder out) {
    if (value == null || value instanceof Boolean) out.append(value);
    else if (value instanceof CharSequence) writeText(value.toString(), out);
    else if (value instanceof Number number) writeNumber(number, out);
    else if (value instanceof Map<?, ?> map) writeMap(map, out);
    else if (value instanceof Iterable<?> items) writeItems(items, out);
    else throw new IllegalArgumentException(value.getClass().getName() + " can't be written as JSON");
  }

  private static void writeNumber(Number number, StringBuilder out) {
    double size = number.doubleValue();
    if (Double.isNaN(size) || Double.isInfinite(size)) throw new IllegalArgumentException("JSON has no such number");
    boolean isWhole = number instanceof Double && size == Math.rint(size) && Math.abs(size) < 1e15;
    out.append(isWhole ? String.valueOf((long) size) : number.toString());
  }

  private static void writeMap(Map<?, ?> map, StringBuilder out) {
    String between = "{";
    for (Map.Entry<?, ?> entry : map.entrySet()) {
      out.append(between);
      writeText(String.valueOf(entry.getKey()), out);
      out.append(':');
      write(entry.getValue(), out);
      between = ",";
    }
    out.append(map.isEmpty() ? "{}" : "}");
  }

  private static void writeItems(Iterable<?> items, StringBuilder out) {
    out.append('[');
    String between = "";
    for (Object item : items) {
      out.append(between);
      write(item, out);
      between = ",";
    }
    out.append(']');
  }

  private static void writeText(String text, StringBuilder out) {
    out.append('"');
    for (char letter : text.toCharArray()) {
      if (letter == '"' || letter == '\\') out.append('\\').append(letter);
      else if (letter < ' ') out.append(String.format("\\u%04x", (int) letter));
      else out.append(letter);
    }
    out.append('"');
  }
}
