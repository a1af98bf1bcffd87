package dev.gatehouse.client;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Sends a request once. */
interface Transport {
  /**
   * @throws ConnectionException without an answer
   * @throws ConfigurationException if it can't be sent as it is
   */
  Response send(Outgoing request) throws InterruptedException;

  /** A request that can be sent again. */
  record Outgoing(String method, URI url, List<Map.Entry<String, String>> headers, byte[] body) {
    @Override
    public String toString() {
      return method;
    }
  }

  /** Follows no redirects: a credential goes to no other address. The timeout covers the whole answer. */
  static Transport over(Duration timeout) {
    HttpClient client =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .followRedirects(HttpClient.Redirect.NEVER)
            .connectTimeout(timeout)
            .build();
    return request -> await(client.sendAsync(built(request), HttpResponse.BodyHandlers.ofByteArray()), timeout);
  }

  private static HttpRequest built(Outgoing request) {
    HttpRequest.BodyPublisher body =
        request.body() == null
            ? HttpRequest.BodyPublishers.noBody()
            : HttpRequest.BodyPublishers.ofByteArray(request.body());
    HttpRequest.Builder builder = HttpRequest.newBuilder(request.url()).method(request.method(), body);
    for (Map.Entry<String, String> header : request.headers()) {
      try {
        builder.header(header.getKey(), header.getValue());
      } catch (IllegalArgumentException unusable) {
        throw new ConfigurationException("the header " + header.getKey() + " can't be sent");
      }
    }
    return builder.build();
  }

  private static Response await(CompletableFuture<HttpResponse<byte[]>> sending, Duration timeout)
      throws InterruptedException {
    try {
      HttpResponse<byte[]> answer = sending.get(timeout.toMillis(), TimeUnit.MILLISECONDS);
      return new Response(answer.statusCode(), answer.headers().map(), answer.body());
    } catch (TimeoutException late) {
      throw new RequestTimeoutException("no answer within " + timeout.toMillis() + " ms");
    } catch (ExecutionException failed) {
      if (failed.getCause() instanceof HttpTimeoutException) {
        throw new RequestTimeoutException("no connection within " + timeout.toMillis() + " ms");
      }
      throw new ConnectionException("no connection: " + failed.getCause().getClass().getSimpleName());
    } finally {
      sending.cancel(true);
    }
  }
}
