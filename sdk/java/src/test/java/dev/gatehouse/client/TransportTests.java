package dev.gatehouse.client;

import static dev.gatehouse.client.Check.*;

import com.sun.net.httpserver.HttpHandler;
import com.sun.net.httpserver.HttpServer;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;

/** The client over real connections, to servers that behave badly. */
final class TransportTests {
  private static final String KEY = "hush-hush-hush";

  private TransportTests() {}

  static void run() {
    test("a redirect is not followed", TransportTests::redirect);
    test("a server that says nothing is a timeout", TransportTests::silence);
    test("the timeout covers the body, too", TransportTests::unendingBody);
    test("nobody there is a connection error without the key or the query", TransportTests::nobody);
  }

  private static void redirect() throws Exception {
    AtomicInteger followed = new AtomicInteger();
    serving(
        exchange -> {
          followed.incrementAndGet();
          exchange.sendResponseHeaders(200, -1);
          exchange.close();
        },
        elsewhere ->
            serving(
                exchange -> {
                  exchange.getResponseHeaders().set("Location", elsewhere);
                  exchange.sendResponseHeaders(307, -1);
                  exchange.close();
                },
                address -> {
                  Exception failure = failureOf(() -> client(address, 5_000).request(Request.get("/x")));
                  equal("class", classOf(failure), "GatehouseError");
                  equal("status", ((GatehouseException) failure).status(), 307);
                }));
    equal("followed", followed.get(), 0);
  }

  private static void silence() throws Exception {
    CountDownLatch over = new CountDownLatch(1);
    serving(exchange -> await(over), address -> isTimeout(address, over));
  }

  private static void unendingBody() throws Exception {
    CountDownLatch over = new CountDownLatch(1);
    serving(
        exchange -> {
          exchange.sendResponseHeaders(200, 0);
          exchange.getResponseBody().write('{');
          exchange.getResponseBody().flush();
          await(over);
        },
        address -> isTimeout(address, over));
  }

  private static void isTimeout(String address, CountDownLatch over) {
    try {
      Exception failure = failureOf(() -> client(address, 200).request(Request.get("/x")));
      equal("class", classOf(failure), "TimeoutError");
    } finally {
      over.countDown();
    }
  }

  private static void nobody() throws Exception {
    String[] gone = new String[1];
    serving(exchange -> exchange.close(), address -> gone[0] = address);
    Exception failure = failureOf(() -> client(gone[0], 5_000).request(Request.get("/x").query("q", "quiet")));
    equal("class", classOf(failure), "ConnectionError");
    for (Throwable each = failure; each != null; each = each.getCause()) {
      that(each.toString(), !each.toString().contains(KEY) && !each.toString().contains("quiet"));
    }
  }

  private static GatehouseClient client(String address, long timeoutMs) {
    return GatehouseClient.builder(Platform.preset("kliq"))
        .environment(name -> null)
        .apiKey(KEY)
        .baseUrl(address)
        .timeout(Duration.ofMillis(timeoutMs))
        .maxRetries(0)
        .build();
  }

  private interface Visit {
    void to(String address) throws Exception;
  }

  /** A server for as long as the visit lasts. */
  private static void serving(HttpHandler handler, Visit visit) throws Exception {
    HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    ExecutorService threads = Executors.newCachedThreadPool();
    server.setExecutor(threads);
    server.createContext("/", handler);
    server.start();
    try {
      visit.to("http://127.0.0.1:" + server.getAddress().getPort());
    } finally {
      server.stop(0);
      threads.shutdownNow();
    }
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException ended) {
      Thread.currentThread().interrupt();
    }
  }
}
