# Node 24 runs the TypeScript as it is; what is built is the Prisma client.
FROM node:24-slim AS build
WORKDIR /app
COPY package.json package-lock.json prisma.config.ts ./
COPY prisma ./prisma
# Its postinstall runs `npm run generate`.
RUN npm ci
# The embedded Postgres is optional and stays out: a container is given DATABASE_URL.
RUN npm prune --omit=dev --omit=optional --ignore-scripts


FROM node:24-slim
LABEL org.opencontainers.image.title="Gatehouse" \
      org.opencontainers.image.licenses="Apache-2.0"
ENV NODE_ENV=production \
    HOST=0.0.0.0 \
    PORT=3000
WORKDIR /app
COPY --from=build /app/node_modules ./node_modules
COPY package.json ./
COPY prisma/migrations ./prisma/migrations
COPY platforms ./platforms
COPY views ./views
COPY src ./src
COPY --from=build /app/src/database/generated ./src/database/generated
USER node
EXPOSE 3000
HEALTHCHECK --interval=5s --timeout=3s --start-period=30s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/readyz`).then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "src/main.ts"]
