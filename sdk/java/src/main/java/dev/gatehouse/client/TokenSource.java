package dev.gatehouse.client;

import java.time.Clock;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;

/** Keeps one token, and has at most one request for the next on its way. */
final class TokenSource {
  private static final Duration AHEAD = Duration.ofMinutes(1);

  interface Fetch {
    UserTokens now() throws InterruptedException;
  }

  private final Clock clock;
  private final Fetch fetch;
  private UserTokens kept;
  private CompletableFuture<UserTokens> flight;

  TokenSource(Clock clock, Fetch fetch) {
    this.clock = clock;
    this.fetch = fetch;
  }

  UserTokens get() throws InterruptedException {
    CompletableFuture<UserTokens> current;
    synchronized (this) {
      if (kept != null && kept.expiresAt().isAfter(clock.instant().plus(AHEAD))) return kept;
      if (flight == null) begin();
      current = flight;
    }
    try {
      return current.get();
    } catch (ExecutionException failed) {
      if (failed.getCause() instanceof RuntimeException known) throw known;
      throw new ConnectionException("the token could not be fetched");
    }
  }

  /** In a thread of its own: who began it may be interrupted, and others wait for the same. */
  private void begin() {
    CompletableFuture<UserTokens> begun = new CompletableFuture<>();
    flight = begun;
    Thread thread = new Thread(() -> fly(begun), "gatehouse-token");
    thread.setDaemon(true);
    thread.start();
  }

  private void fly(CompletableFuture<UserTokens> begun) {
    UserTokens found = null;
    Throwable failure = null;
    try {
      found = fetch.now();
    } catch (InterruptedException | RuntimeException | Error failed) {
      failure = failed;
    }
    synchronized (this) {
      kept = found;
      flight = null;
    }
    if (failure == null) begun.complete(found);
    else begun.completeExceptionally(failure);
  }

  /** Throws a token away that was refused, unless there is another by now. */
  synchronized void drop(UserTokens refused) {
    if (kept == refused) kept = null;
  }
}
