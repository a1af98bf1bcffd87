package dev.gatehouse.client;

import java.time.Duration;
import java.util.Collection;
import java.util.Set;

/** Sends a request until there is an answer to keep. */
final class Delivery {
  private static final Set<String> IDEMPOTENT = Set.of("GET", "HEAD", "OPTIONS", "PUT", "DELETE");
  private static final Duration LONGEST_RETRY_AFTER = Duration.ofSeconds(60);
  private static final double FIRST_BACKOFF_SECONDS = 0.5;
  private static final double LONGEST_BACKOFF_SECONDS = 8;

  private final Settings settings;

  Delivery(Settings settings) {
    this.settings = settings;
  }

  /**
   * Asked again: 429 and 503 that say when; 502, 503, 504 and failed connections where the method is
   * idempotent.
   *
   * @param credential api_key or token
   */
  Response send(Transport.Outgoing request, String credential, Collection<String> secrets)
      throws InterruptedException {
    for (int waits = 0; ; waits++) {
      GatehouseException failure;
      try {
        Response answer = settings.transport.send(request);
        if (answer.status() >= 200 && answer.status() < 300) return answer;
        failure = Denials.read(answer, settings.platform, credential, secrets, settings.clock.instant());
      } catch (ConnectionException unanswered) {
        failure = unanswered;
      }
      Duration wait = waits < settings.maxRetries ? waitAfter(failure, request.method(), waits) : null;
      if (wait == null) throw failure;
      settings.sleeper.sleep(wait);
    }
  }

  /** Null where there is no point in another attempt. */
  private Duration waitAfter(GatehouseException failure, String method, int waits) {
    double most = Math.min(LONGEST_BACKOFF_SECONDS, FIRST_BACKOFF_SECONDS * Math.pow(2, waits));
    Duration backoff = Duration.ofMillis(Math.round(settings.random.getAsDouble() * most * 1000));
    Duration ifIdempotent = IDEMPOTENT.contains(method) ? backoff : null;
    if (failure instanceof ConnectionException) return ifIdempotent;
    Duration said = failure.retryAfter().orElse(null);
    boolean isNear = said != null && said.compareTo(LONGEST_RETRY_AFTER) <= 0;
    return switch (failure.status()) {
      case 429 -> isNear ? said : null;
      case 503 -> said == null ? ifIdempotent : isNear ? said : null;
      case 502, 504 -> ifIdempotent;
      default -> null;
    };
  }
}
