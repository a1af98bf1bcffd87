package dev.gatehouse.client;

import dev.gatehouse.client.servlet.GatehouseFilter;
import jakarta.servlet.ServletContext;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.apache.catalina.core.StandardContext;
import org.apache.catalina.startup.Tomcat;

/** A Tomcat on a port of its own. Each filter stands before a web application of its own that tells who calls. */
final class Container {
  private static final Logger TOMCAT_LOG = Logger.getLogger("org.apache");

  private final Tomcat tomcat = new Tomcat();
  private final HttpClient client = HttpClient.newHttpClient();
  private final Path directory;
  private int applications;

  Container() throws Exception {
    TOMCAT_LOG.setLevel(Level.SEVERE);
    directory = Files.createTempDirectory("gatehouse-tomcat-");
    tomcat.setBaseDir(directory.toString());
    tomcat.setPort(0);
    tomcat.getConnector().setProperty("address", "127.0.0.1");
    tomcat.getHost();
    tomcat.start();
  }

  void stop() throws Exception {
    tomcat.stop();
    tomcat.destroy();
    try (var files = Files.walk(directory)) {
      for (Path file : files.sorted(java.util.Comparator.reverseOrder()).toList()) Files.delete(file);
    }
  }

  /**
   * Deploys an application whose /open has no filter before it.
   *
   * @param verifier null for no filter at all
   * @return its address
   */
  String deploy(Verifier verifier, String... scopes) {
    String path = "/" + ++applications;
    StandardContext context = new StandardContext();
    context.setPath(path);
    context.setDocBase(directory.toString());
    context.addLifecycleListener(new Tomcat.FixContextListener());
    context.addServletContainerInitializer((classes, application) -> setUp(application, verifier, scopes), null);
    tomcat.getHost().addChild(context);
    return "http://127.0.0.1:" + tomcat.getConnector().getLocalPort() + path;
  }

  private static void setUp(ServletContext application, Verifier verifier, String... scopes) {
    application.addServlet("who", new Who()).addMapping("/*");
    var later = application.addServlet("later", new Later());
    later.addMapping("/later");
    later.setAsyncSupported(true);
    if (verifier == null) return;
    var filter = application.addFilter("gatehouse", new GatehouseFilter(verifier, scopes));
    filter.addMappingForUrlPatterns(null, false, "/notes/*", "/later");
    filter.setAsyncSupported(true);
  }

  /** @param headers names and values in turn */
  HttpResponse<String> get(String address, String... headers) throws Exception {
    HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(address));
    for (int i = 0; i < headers.length; i += 2) request.header(headers[i], headers[i + 1]);
    return client.send(request.build(), HttpResponse.BodyHandlers.ofString());
  }

  private static void tell(HttpServletRequest request, HttpServletResponse response) throws IOException {
    Principal caller = GatehouseFilter.principalOf(request);
    response.setContentType("application/json");
    response.getOutputStream().write(Json.write(caller == null ? null : described(caller)).getBytes(StandardCharsets.UTF_8));
  }

  private static Map<String, Object> described(Principal caller) {
    Map<String, Object> all = new LinkedHashMap<>();
    all.put("kind", caller.kind());
    all.put("id", caller.id());
    all.put("subject", caller.subject());
    all.put("organizationId", caller.organizationId());
    all.put("environment", caller.environment());
    all.put("scopes", caller.scopes());
    all.put("plan", caller.plan());
    return all;
  }

  private static final class Who extends HttpServlet {
    private static final long serialVersionUID = 1;

    @Override
    protected void doGet(HttpServletRequest request, HttpServletResponse response) throws IOException {
      tell(request, response);
    }
  }

  /** Answers from another thread, after the filter has returned. */
  private static final class Later extends HttpServlet {
    private static final long serialVersionUID = 1;

    @Override
    protected void doGet(HttpServletRequest request, HttpServletResponse response) {
      var asynchronous = request.startAsync();
      asynchronous.start(
          () -> {
            try {
              tell(request, response);
            } catch (IOException gone) {
              throw new java.io.UncheckedIOException(gone);
            } finally {
              asynchronous.complete();
            }
          });
    }
  }
}
