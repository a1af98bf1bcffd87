package dev.gatehouse.client;

import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.function.DoubleSupplier;

/** What a builder came to, after all defaults. A class and no record: it prints nothing. */
final class Settings implements Cloneable {
  Platform platform;
  Credential credential;
  /** Null if none. */
  String organizationId;
  String baseUrl;
  String tokenUrl;
  List<String> scopes;
  int maxRetries;
  Clock clock;
  DoubleSupplier random;
  Sleeper sleeper;
  Transport transport;

  /** A builder that is used again changes nothing of the client before. */
  Settings copy() {
    try {
      return (Settings) clone();
    } catch (CloneNotSupportedException impossible) {
      throw new AssertionError(impossible);
    }
  }

  interface Sleeper {
    void sleep(Duration wait) throws InterruptedException;
  }
}
