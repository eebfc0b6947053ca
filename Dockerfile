# Two images: docker build --target api-service . and docker build --target realtime-service . The second carries the dashboard.
FROM eclipse-temurin:17.0.20_8-jdk-noble AS build
WORKDIR /src
COPY . .
RUN ./mvnw -B -q -DskipTests -pl api-service,realtime-service -am package

FROM node:24.11.1-bookworm-slim AS dashboard
WORKDIR /src
COPY client client
COPY dashboard dashboard
RUN cd dashboard && npm ci --no-audit --no-fund && npm run build

FROM eclipse-temurin:25.0.4_7-jre-noble AS service
RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin bellhop
USER bellhop
WORKDIR /app
COPY jvm.options .
ENTRYPOINT ["java", "@jvm.options", "-XX:MaxRAMPercentage=75", "-jar", "service.jar"]

FROM service AS api-service
COPY --from=build /src/api-service/target/api-service.jar service.jar
EXPOSE 8080

FROM service AS realtime-service
COPY --from=build /src/realtime-service/target/realtime-service.jar service.jar
COPY --from=dashboard /src/dashboard/dist dashboard
ENV BELLHOP_DASHBOARD_DIR=/app/dashboard
EXPOSE 8081
