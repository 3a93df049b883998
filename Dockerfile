FROM node:24-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
COPY web/package.json web/
RUN npm ci
COPY . .
RUN npm run build

FROM node:24-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
COPY web/package.json web/
RUN npm ci --omit=dev && npm cache clean --force

FROM node:24-slim
ENV NODE_ENV=production MALLOC_ARENA_MAX=2
WORKDIR /app
RUN install -d -o node -g node data
COPY package.json ./
COPY docs docs
# `npm run backup` and the other commands check with them whether the programs are compiled.
COPY scripts scripts
COPY --from=dependencies /app/node_modules node_modules
COPY --from=build /app/dist dist
# The user node, as a number: Kubernetes cannot see that a name is not root.
USER 1000:1000
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT || 8080}/healthz`).then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "--max-semi-space-size=8", "--heap-growing-percent=40", "dist/server.js"]
