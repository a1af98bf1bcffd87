package dev.gatehouse.client.servlet;

import dev.gatehouse.client.Principal;
import dev.gatehouse.client.TokenRefusedException;
import dev.gatehouse.client.Verifier;
import jakarta.servlet.Filter;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletRequest;
import jakarta.servlet.ServletResponse;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.List;

/**
 * Lets requests through that carry a good credential with all the scopes asked for: the gate's assertion where
 * it is present, a bearer access token otherwise. All else is answered with 401 or 403 and WWW-Authenticate
 * (RFC 6750 §3), or with 503 while nobody can tell.
 */
public final class GatehouseFilter implements Filter {
  private static final String ATTRIBUTE = Principal.class.getName();

  private final Verifier verifier;
  private final String[] scopes;

  public GatehouseFilter(Verifier verifier, String... scopes) {
    this.verifier = verifier;
    this.scopes = scopes.clone();
  }

  /** Who calls, in a servlet behind the filter; null elsewhere. */
  public static Principal principalOf(ServletRequest request) {
    return (Principal) request.getAttribute(ATTRIBUTE);
  }

  @Override
  public void doFilter(ServletRequest request, ServletResponse response, FilterChain chain)
      throws IOException, ServletException {
    HttpServletRequest asked = (HttpServletRequest) request;
    try {
      Principal principal =
          verifier.verify(valuesOf(asked, Verifier.ASSERTION_HEADER), valuesOf(asked, "Authorization"), scopes);
      request.setAttribute(ATTRIBUTE, principal);
    } catch (TokenRefusedException refused) {
      refuse((HttpServletResponse) response, refused);
      return;
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
      throw new ServletException("interrupted", stopped);
    }
    chain.doFilter(request, response);
  }

  private static List<String> valuesOf(HttpServletRequest request, String name) {
    return Collections.list(request.getHeaders(name));
  }

  private static void refuse(HttpServletResponse response, TokenRefusedException refused) throws IOException {
    if (refused.challenge() != null) response.setHeader("WWW-Authenticate", refused.challenge());
    if (refused.status() == HttpServletResponse.SC_SERVICE_UNAVAILABLE) response.setHeader("Retry-After", "2");
    response.setHeader("Cache-Control", "no-store");
    response.setStatus(refused.status());
    response.setContentType("application/json");
    response.getOutputStream().write(refused.body().getBytes(StandardCharsets.UTF_8));
  }
}
