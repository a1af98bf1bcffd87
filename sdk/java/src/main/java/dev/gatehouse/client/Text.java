package dev.gatehouse.client;

import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;

/** Text that goes into headers and URLs. */
final class Text {
  private Text() {}

  /** What may stand in a header without meaning anything else. */
  static boolean isVisibleAscii(String text) {
    return text.chars().allMatch(letter -> letter > ' ' && letter <= '~');
  }

  /** http or https with a host, without user, password, query or fragment. */
  static boolean isPlainUrl(String text) {
    if (!isVisibleAscii(text)) return false;
    try {
      URI parsed = new URI(text);
      boolean isHttp = "http".equals(parsed.getScheme()) || "https".equals(parsed.getScheme());
      boolean isBare = parsed.getRawQuery() == null && parsed.getRawFragment() == null;
      return isHttp && isBare && parsed.getHost() != null && parsed.getRawUserInfo() == null;
    } catch (URISyntaxException notOne) {
      return false;
    }
  }

  /** As application/x-www-form-urlencoded has it: a space is a plus. */
  static String formEncoded(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8);
  }

  /** As a query or a segment of a path has it. */
  static String percentEncoded(String text) {
    return formEncoded(text).replace("+", "%20").replace("*", "%2A");
  }

  static String withoutSlashes(String url) {
    return url.replaceAll("/+$", "");
  }
}
