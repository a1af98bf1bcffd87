package dev.gatehouse.client;

import static dev.gatehouse.client.Check.*;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;

/** config, requests, errors, retries and tokens of sdk/vectors. */
final class ClientVectors {
  private ClientVectors() {}

  static void run() throws Exception {
    each("config.json", ClientVectors::config);
    each("requests.json", ClientVectors::request);
    each("errors.json", ClientVectors::error);
    each("retries.json", ClientVectors::retry);
    each("tokens.json", ClientVectors::tokens);
  }

  private static void config(Object input, Object expect) {
    AtomicReference<GatehouseClient> made = new AtomicReference<>();
    checkFailure(failureOf(() -> made.set(builder(input, request -> null).build())), expect);
    Map<String, Object> wanted = map(Map.of("expect", expect), "expect");
    if (wanted.containsKey("method")) equal("method", made.get().settings.credential.method.word, wanted.get("method"));
    if (wanted.containsKey("baseUrl")) equal("baseUrl", made.get().baseUrl(), wanted.get("baseUrl"));
    if (wanted.containsKey("organizationId")) {
      equal("organizationId", made.get().organizationId().orElse(null), wanted.get("organizationId"));
    }
  }

  private static void request(Object input, Object expect) {
    AtomicReference<Transport.Outgoing> sent = new AtomicReference<>();
    GatehouseClient client =
        builder(
                input,
                outgoing -> {
                  sent.set(outgoing);
                  return answer(200, Map.of(), "{}");
                })
            .build();
    Request request = Request.of(text(input, "request.method"), text(input, "request.path"));
    map(input, "request.query").forEach((name, value) -> {
      for (Object one : value instanceof List<?> several ? several : List.of(value)) request.query(name, (String) one);
    });
    map(input, "request.headers").forEach((name, value) -> request.header(name, (String) value));
    if (Json.at(input, "request.json") != null) request.json(Json.at(input, "request.json"));
    if (text(input, "request.body") != null) request.body(text(input, "request.body").getBytes(StandardCharsets.UTF_8));
    Exception failure = failureOf(() -> client.request(request));
    checkFailure(failure, expect);
    if (failure != null) {
      that("nothing is sent", sent.get() == null);
      return;
    }
    checkSent(sent.get(), expect);
  }

  private static void checkSent(Transport.Outgoing sent, Object expect) {
    if (text(expect, "method") != null) equal("method", sent.method(), text(expect, "method"));
    if (text(expect, "url") != null) equal("url", sent.url().toString(), text(expect, "url"));
    map(expect, "headers").forEach((name, value) -> equal(name, headers(sent, name), List.of(value)));
    for (Object name : list(expect, "absent")) equal((String) name, headers(sent, (String) name), List.of());
    that("user-agent", headers(sent, "user-agent").get(0).startsWith("gatehouse-client-"));
    String body = sent.body() == null ? null : new String(sent.body(), StandardCharsets.UTF_8);
    if (text(expect, "body") != null) equal("body", body, text(expect, "body"));
    if (Json.at(expect, "json") != null) equal("body", Json.read(body), Json.at(expect, "json"));
  }

  private static List<String> headers(Transport.Outgoing sent, String name) {
    return sent.headers().stream().filter(one -> one.getKey().equalsIgnoreCase(name)).map(Map.Entry::getValue).toList();
  }

  private static void error(Object input, Object expect) {
    boolean isKey = text(input, "credential").equals("api_key");
    String secret = Objects.requireNonNullElse(text(input, "secret"), "secret-credential");
    Map<String, Object> options = Map.of(isKey ? "apiKey" : "accessToken", secret);
    Map<String, Object> client = Map.of("preset", text(input, "preset"), "options", options);
    Response answer =
        answer(number(input, "answer.status", 0), map(input, "answer.headers"), text(input, "answer.body"));
    Exception failure =
        failureOf(() -> builder(client, request -> answer).maxRetries(0).build().request(Request.get("/x")));
    GatehouseException denied = (GatehouseException) failure;
    Map<String, Object> is = new LinkedHashMap<>();
    is.put("class", classOf(denied));
    is.put("reason", denied.reason());
    is.put("status", (double) denied.status());
    is.put("code", denied.code().orElse(null));
    is.put("requestId", denied.requestId().orElse(null));
    is.put("message", denied.description());
    is.put("retryAfter", denied.retryAfter().map(wait -> (double) wait.toSeconds()).orElse(null));
    ((Map<?, ?>) expect).forEach((name, value) -> {
      if (name.equals("message") && value == null) that("some message", !denied.description().isEmpty());
      else equal((String) name, is.get(name), value);
    });
    if (secret.length() >= 8) that("gives nothing away", !printed(denied).contains(secret));
  }

  private static void retry(Object input, Object expect) {
    List<?> answers = list(input, "answers");
    int[] attempts = {0};
    List<Object> delays = new ArrayList<>();
    Map<String, Object> options = new LinkedHashMap<>(map(input, "options"));
    options.put("apiKey", "key");
    GatehouseClient client =
        builder(
                Map.of("options", options),
                request -> {
                  Object answer = answers.get(attempts[0]++);
                  return answerOf(answer);
                })
            .with(settings -> settings.sleeper = wait -> delays.add(wait.toMillis() / 1000.0))
            .build();
    int[] status = {0};
    Exception failure =
        failureOf(() -> status[0] = client.request(Request.of(text(input, "method"), "/x")).status());
    equal("attempts", attempts[0], number(expect, "attempts", -1));
    equal("delays", delays, list(expect, "delays"));
    equal("class", classOf(failure), Json.at(expect, "error"));
    if (failure == null) equal("status", status[0], number(expect, "status", -1));
    if (text(expect, "reason") != null) equal("reason", ((GatehouseException) failure).reason(), text(expect, "reason"));
  }

  private static void tokens(Object input, Object expect) throws Exception {
    List<Object> requests = new ArrayList<>();
    List<Object> authorizations = new ArrayList<>();
    List<Object> results = new ArrayList<>();
    StringBuilder said = new StringBuilder();
    List<Thread> callers = new ArrayList<>();
    Transport transport =
        request -> {
          if (!request.url().getPath().equals("/v1/x")) {
            awaitWaiting(callers);
            requests.add(tokenRequest(request));
            return answerOf(list(input, "tokenAnswers").get(requests.size() - 1));
          }
          synchronized (authorizations) {
            authorizations.addAll(headers(request, "authorization"));
            List<?> answers = list(input, "apiAnswers");
            boolean isSaid = authorizations.size() <= answers.size();
            return isSaid ? answerOf(answers.get(authorizations.size() - 1)) : answer(200, Map.of(), "{}");
          }
        };
    AtomicReference<Double> now = new AtomicReference<>(0.0);
    boolean saysRetries = Json.at(input, "options.maxRetries") != null;
    GatehouseClient.Builder<GatehouseClient> builder = builder(input, transport);
    if (!saysRetries) builder.maxRetries(0);
    GatehouseClient client = builder.with(settings -> settings.clock = new MovingClock(now)).build();
    for (Object step : list(input, "steps")) {
      now.set((double) NOW + number(step, "at", 0));
      synchronized (callers) {
        callers.clear();
        for (int i = 0; i < number(step, "calls", 1); i++) callers.add(new Thread(() -> call(client, results, said)));
        callers.forEach(Thread::start);
      }
      for (Thread caller : callers) caller.join();
    }
    equal("token requests", requests, wantedRequests(expect));
    equal("authorizations", authorizations, list(expect, "authorizations"));
    equal("results", results, list(expect, "results"));
    for (Object text : list(expect, "hides")) that(said + " hides " + text, said.indexOf((String) text) < 0);
  }

  /** Until every caller waits for the answer that is about to be given. */
  private static void awaitWaiting(List<Thread> callers) throws InterruptedException {
    synchronized (callers) {
      while (callers.stream().anyMatch(one -> one.getState() != Thread.State.WAITING)) Thread.sleep(1);
    }
  }

  private static void call(GatehouseClient client, List<Object> results, StringBuilder said) {
    double[] status = {0};
    Exception failure = failureOf(() -> status[0] = client.request(Request.get("/v1/x")).status());
    synchronized (results) {
      results.add(failure == null ? (Object) status[0] : classOf(failure));
      if (failure instanceof GatehouseException denied) said.append(printed(denied));
    }
  }

  /** All that a log could make of an exception. */
  private static String printed(GatehouseException failure) {
    StringWriter trace = new StringWriter();
    failure.printStackTrace(new PrintWriter(trace));
    return trace + " " + failure.code() + " " + failure.description() + " " + failure.requestId();
  }

  private static Response answerOf(Object answer) {
    String failure = text(answer, "failure");
    if ("timeout".equals(failure)) throw new RequestTimeoutException("late");
    if (failure != null) throw new ConnectionException("refused");
    return answer(number(answer, "status", 0), map(answer, "headers"), Json.write(Json.at(answer, "body")));
  }

  private static Map<String, Object> tokenRequest(Transport.Outgoing request) {
    Map<String, Object> found = new LinkedHashMap<>();
    equal("method", request.method(), "POST");
    found.put("url", request.url().toString());
    List<String> basic = headers(request, "authorization");
    found.put("basic", basic.isEmpty() ? null : decoded(basic.get(0)));
    String body = new String(request.body(), StandardCharsets.UTF_8);
    boolean isJson = headers(request, "content-type").contains("application/json");
    found.put(isJson ? "json" : "form", isJson ? Json.read(body) : form(body));
    return found;
  }

  private static String decoded(String basic) {
    return new String(Base64.getDecoder().decode(basic.substring("Basic ".length())), StandardCharsets.UTF_8);
  }

  private static Map<String, Object> form(String body) {
    Map<String, Object> found = new LinkedHashMap<>();
    for (String pair : body.split("&")) {
      List<String> sides = Arrays.stream(pair.split("=")).map(side -> java.net.URLDecoder.decode(side, StandardCharsets.UTF_8)).toList();
      found.put(sides.get(0), sides.get(1));
    }
    return found;
  }

  private static List<?> wantedRequests(Object expect) {
    return list(expect, "tokenRequests");
  }

  private static final class MovingClock extends java.time.Clock {
    private final AtomicReference<Double> now;

    MovingClock(AtomicReference<Double> now) {
      this.now = now;
    }

    @Override
    public java.time.Instant instant() {
      return java.time.Instant.EPOCH.plus(Duration.ofSeconds(now.get().longValue()));
    }

    @Override
    public java.time.ZoneId getZone() {
      return java.time.ZoneOffset.UTC;
    }

    @Override
    public java.time.Clock withZone(java.time.ZoneId zone) {
      return this;
    }
  }
}
